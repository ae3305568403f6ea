import { isWireObject, objectAt, objectsAt, type WireObject } from '../../providers/index.js';
import { type GivenItem } from '../wire/client-events.js';
import { newId, type ServerEvent } from '../wire/server-event.js';

import { type Item } from './conversation.js';

/** Something that a response is made of, while it is written. */
interface OpenOutput {
  readonly id: string;
  readonly index: number;
  readonly call: { readonly callId: string; readonly name: string } | undefined;
  text: string;
}

/** Why the model stopped, in the words of a response. */
export type Stop = 'completed' | 'max_output_tokens' | 'content_filter';

/** Tells a streamed chat as the events of one response. Knows no socket: what it answers is sent in that order. */
export class ResponseWriter {
  stop: Stop = 'completed';
  private readonly outputs: OpenOutput[] = [];
  private readonly calls = new Map<number, OpenOutput>();
  private message: OpenOutput | undefined;

  constructor(private readonly responseId: string) {}

  /** The events of one chunk. */
  read(chunk: WireObject): ServerEvent[] {
    const [choice] = objectsAt(chunk, 'choices');
    if (!choice) return [];
    const delta = objectAt(choice, 'delta');
    const text = [delta?.content, delta?.refusal].filter((part) => typeof part === 'string').join('');
    this.note(choice.finish_reason);
    const calls = delta ? objectsAt(delta, 'tool_calls') : [];
    return [...(text === '' ? [] : this.say(text)), ...calls.flatMap((call) => this.call(call))];
  }

  /** The events that end what was begun. @param whole false where it broke off. */
  end(whole: boolean): ServerEvent[] {
    return this.outputs.flatMap((output) => this.endOf(output, whole));
  }

  /** What was said and called so far. */
  items(whole = true): (Item & { readonly status: string })[] {
    const status = whole ? 'completed' : 'incomplete';
    return this.outputs.map((output) => ({ ...itemOf(output), status }));
  }

  private note(reason: unknown): void {
    if (reason === 'length') this.stop = 'max_output_tokens';
    if (reason === 'content_filter') this.stop = 'content_filter';
  }

  private say(text: string): ServerEvent[] {
    const known = this.message;
    const output = known ?? this.open();
    this.message = output;
    output.text += text;
    const at = this.placeOf(output);
    const part = { type: 'text', text: '' };
    return [
      ...(known ? [] : [...this.added(output), { type: 'response.content_part.added', ...at, part }]),
      { type: 'response.output_text.delta', ...at, delta: text },
    ];
  }

  private call(raw: WireObject): ServerEvent[] {
    const index = typeof raw.index === 'number' ? raw.index : 0;
    const fn = isWireObject(raw.function) ? raw.function : {};
    const known = this.calls.get(index);
    const output = known ?? this.open({ callId: textOr(raw.id, newId('call')), name: textOr(fn.name, '') });
    this.calls.set(index, output);
    const delta = textOr(fn.arguments, '');
    output.text += delta;
    const said = { ...this.placeOf(output), call_id: output.call?.callId, delta };
    return [
      ...(known ? [] : this.added(output)),
      ...(delta === '' ? [] : [{ type: 'response.function_call_arguments.delta', ...said }]),
    ];
  }

  private open(call?: OpenOutput['call']): OpenOutput {
    const output = { id: newId('item'), index: this.outputs.length, call, text: '' };
    this.outputs.push(output);
    return output;
  }

  private added(output: OpenOutput): ServerEvent[] {
    const item = { ...itemOf({ ...output, text: '' }), object: 'realtime.item', status: 'in_progress' };
    const bare = item.type === 'message' ? { ...item, content: [] } : item;
    const { response_id, output_index } = this.placeOf(output);
    return [{ type: 'response.output_item.added', response_id, output_index, item: bare }];
  }

  private endOf(output: OpenOutput, whole: boolean): ServerEvent[] {
    const status = whole ? 'completed' : 'incomplete';
    const item = { ...itemOf(output), object: 'realtime.item', status };
    const at = this.placeOf(output);
    const { response_id, output_index } = at;
    return [
      ...(output.call ? callDone(output, at) : textDone(output, at)),
      { type: 'response.output_item.done', response_id, output_index, item },
    ];
  }

  private placeOf({ id, index, call }: OpenOutput) {
    const place = { response_id: this.responseId, item_id: id, output_index: index };
    return call ? place : { ...place, content_index: 0 };
  }
}

function textDone({ text }: OpenOutput, at: object): ServerEvent[] {
  return [
    { type: 'response.output_text.done', ...at, text },
    { type: 'response.content_part.done', ...at, part: { type: 'text', text } },
  ];
}

function callDone({ call, text }: OpenOutput, at: object): ServerEvent[] {
  const said = { call_id: call?.callId, name: call?.name, arguments: text };
  return [{ type: 'response.function_call_arguments.done', ...at, ...said }];
}

function itemOf({ id, call, text }: OpenOutput): Item {
  if (call) return { id, type: 'function_call', call_id: call.callId, name: call.name, arguments: text };
  const content: Extract<GivenItem, { type: 'message' }>['content'] = [{ type: 'output_text', text }];
  return { id, type: 'message', role: 'assistant', content };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
