import { codedErrorOf } from '../../http/index.js';

import { type Session, type Talk } from '../session.js';
import { type BuiltInTool, isBuiltIn } from '../tools/built-in-tools.js';
import { type ClientEvent, type Manner, readClientEvent, type ResponseWish } from '../wire/client-events.js';
import { type EventFault } from '../wire/client-message.js';
import { faultEvent } from '../wire/error-event.js';
import { type ServerEvent } from '../wire/server-event.js';

import { chatBody } from './chat-body.js';
import { chatMessages, Conversation } from './conversation.js';
import { type ResponseAsked, type ResponseRun } from './response-run.js';

type EventOf<Type extends ClientEvent['type']> = Extract<ClientEvent, { type: Type }>;

/** How responses are made, and the server's own tools used. */
export interface Making {
  newRun(asked: ResponseAsked): ResponseRun;
  isOffered(tool: BuiltInTool): boolean;
  useTool(tool: BuiltInTool, args: string): Promise<string>;
}

/** How often a model may use the server's tools before it must answer its client. */
const MOST_ROUNDS = 4;

/** One client's talk with a text model. Everything but making a response is done at once, in the order in which it was said. */
export class TextTalk implements Talk {
  private readonly conversation = new Conversation();
  private manner: Manner = {};
  /** The last response that was begun. */
  private run: ResponseRun | undefined;
  /** Until it is done, and those that follow it. */
  private running: Promise<void> | undefined;

  constructor(
    private readonly session: Session,
    private readonly model: string | undefined,
    private readonly making: Making,
  ) {
    this.tell({ type: 'session.created', session: this.view(), cuota: session.created });
  }

  hear(text: string | undefined): void {
    const read = readClientEvent(text);
    if (read.kind === 'fault') this.refuse(read.fault);
    else this.obey(read.event);
  }

  async end(): Promise<void> {
    this.run?.cancel();
    await this.running;
  }

  private obey(event: ClientEvent): void {
    switch (event.type) {
      case 'session.update':
        if (this.lacksTool(event.session.tools, event.event_id)) return;
        this.manner = { ...this.manner, ...event.session };
        this.tell({ type: 'session.updated', session: this.view() });
        return;
      case 'conversation.item.create':
        this.addItem(event);
        return;
      case 'conversation.item.retrieve':
        this.showItem(event);
        return;
      case 'conversation.item.delete':
        this.dropItem(event);
        return;
      case 'response.create':
        this.respond(event);
        return;
      case 'response.cancel':
        this.cancel(event);
        return;
    }
  }

  private addItem({ item, previous_item_id, event_id: eventId }: EventOf<'conversation.item.create'>): void {
    const added = this.conversation.add(item, previous_item_id);
    if (added.kind === 'refused') {
      const { message, param } = added;
      this.refuse({ code: 'invalid_value', message, param, eventId });
      return;
    }
    const shown = { ...added.item, object: 'realtime.item', status: 'completed' };
    for (const type of ['conversation.item.added', 'conversation.item.done'])
      this.tell({ type, previous_item_id: added.previousId, item: shown });
  }

  private showItem({ item_id: id, event_id: eventId }: EventOf<'conversation.item.retrieve'>): void {
    const item = this.conversation.find(id);
    if (item) this.tell({ type: 'conversation.item.retrieved', item: { ...item, object: 'realtime.item' } });
    else this.refuse(noItem(id, eventId));
  }

  private dropItem({ item_id: id, event_id: eventId }: EventOf<'conversation.item.delete'>): void {
    if (this.conversation.remove(id)) this.tell({ type: 'conversation.item.deleted', item_id: id });
    else this.refuse(noItem(id, eventId));
  }

  private respond({ response: wish = {}, event_id: eventId }: EventOf<'response.create'>): void {
    if (this.running) {
      const message = 'A response is under way: wait for its response.done, or send response.cancel.';
      this.refuse({ code: 'invalid_value', message, param: null, eventId });
      return;
    }
    if (this.lacksTool(wish.tools, eventId)) return;
    this.running = this.make(wish, eventId)
      .catch((error: unknown) => void this.session.fail(codedErrorOf(error), eventId))
      .finally(() => {
        this.running = undefined;
      });
  }

  /** A response; where it used tools of the server's, another one with what they answered. */
  private async make(wish: ResponseWish, eventId: string | undefined): Promise<void> {
    for (let round = 0; ; round++) {
      // Whoever was made to use a tool once is not made to use it for ever.
      const asked = round === 0 ? wish : { ...wish, tool_choice: 'auto' as const };
      const run = this.making.newRun(this.askedOf(asked, eventId));
      this.run = run;
      await run.run();
      const calls = round < MOST_ROUNDS ? this.ownCalls(run, wish) : [];
      if (calls.length === 0) return;
      for (const { tool, call } of calls) {
        const output = await this.making.useTool(tool, call.arguments);
        const item = { type: 'function_call_output', call_id: call.call_id, output } as const;
        this.addItem({ type: 'conversation.item.create', item });
      }
      if (this.session.isOver || run.isCut) return;
    }
  }

  /** The server's own tools alone: where the client has to answer as well, it asks for the next response. */
  private ownCalls({ calls }: ResponseRun, { tools = this.manner.tools ?? [] }: ResponseWish) {
    const own = calls.flatMap((call) => {
      const tool = call.name;
      return isBuiltIn(tool) && tools.some(({ type }) => type === tool) ? [{ tool, call }] : [];
    });
    return own.length === calls.length ? own : [];
  }

  private lacksTool(tools: Manner['tools'], eventId: string | undefined): boolean {
    const missing = tools?.find((tool) => tool.type !== 'function' && !this.making.isOffered(tool.type));
    if (!missing) return false;
    const message = `The tool ${missing.type} is not set up here. Leave it out, or ask the operator for it.`;
    this.refuse({ code: 'invalid_value', message, param: 'tools', eventId });
    return true;
  }

  private askedOf(wish: ResponseWish, eventId: string | undefined): ResponseAsked {
    const apart = wish.conversation === 'none';
    const messages = wish.input ? chatMessages(wish.input) : this.conversation.messages();
    return {
      body: chatBody(this.model, messages, { ...this.manner, ...wish }),
      conversationId: apart ? null : this.conversation.id,
      metadata: wish.metadata,
      eventId,
      keep: (item) => {
        if (apart) return null;
        const added = this.conversation.add(item);
        return added.kind === 'added' ? added.previousId : null;
      },
    };
  }

  private cancel({ event_id: eventId, response_id: id }: EventOf<'response.cancel'>): void {
    if (this.running && (id === undefined || id === this.run?.id)) this.run?.cancel();
    else
      this.refuse({ code: 'invalid_value', message: 'No such response is under way.', param: null, eventId });
  }

  private view(): Record<string, unknown> {
    const { id, expiresAtMs } = this.session.facts;
    const { max_output_tokens: most = 'inf', tools = [], tool_choice: choice = 'auto' } = this.manner;
    return {
      object: 'realtime.session',
      type: 'realtime',
      id,
      model: this.model ?? 'auto',
      output_modalities: ['text'],
      instructions: this.manner.instructions ?? '',
      tools,
      tool_choice: choice,
      max_output_tokens: most,
      expires_at: Math.floor(expiresAtMs / 1000),
    };
  }

  private refuse(fault: EventFault): void {
    this.tell(faultEvent(fault));
  }

  /** Answers to a client's own events are short, and it sends the next one when it has read: nobody waits for them. */
  private tell(event: ServerEvent): void {
    void this.session.send(event);
  }
}

function noItem(id: string, eventId: string | undefined): EventFault {
  const message = `There is no item ${JSON.stringify(id)} in this session.`;
  return { code: 'invalid_value', message, param: 'item_id', eventId };
}
