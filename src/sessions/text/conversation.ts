import { type WireObject } from '../../providers/index.js';
import { type GivenItem } from '../wire/client-events.js';
import { newId } from '../wire/server-event.js';

/** A thing of the conversation. */
export type Item = GivenItem & { readonly id: string };

/** A session is bounded: whoever needs more says it in fewer words, or opens another. */
const MOST_ITEMS = 1_000;
const MOST_CHARACTERS = 4_000_000;

/** Where an item came to stand; or why it could not. */
export type Added =
  | { readonly kind: 'added'; readonly item: Item; readonly previousId: string | null }
  | { readonly kind: 'refused'; readonly message: string; readonly param: string };

/** What was said in a session, in order. */
export class Conversation {
  readonly id = newId('conv');
  private readonly items: Item[] = [];
  private characters = 0;

  /** @param previousId after which it stands; `root` is the beginning, none is the end. */
  add(given: GivenItem, previousId?: string | null): Added {
    const item = named(given);
    const size = JSON.stringify(item).length;
    if (this.find(item.id)) return refused('item.id', `There is an item ${item.id} already.`);
    if (this.items.length >= MOST_ITEMS || this.characters + size > MOST_CHARACTERS) {
      const most = `${MOST_ITEMS} items and ${MOST_CHARACTERS} characters`;
      return refused('item', `A conversation holds ${most} at most: delete some, or open another session.`);
    }
    const at = this.placeAfter(previousId);
    if (at === undefined)
      return refused('previous_item_id', `There is no item ${previousId} in this session.`);
    this.items.splice(at, 0, item);
    this.characters += size;
    return { kind: 'added', item, previousId: this.items[at - 1]?.id ?? null };
  }

  find(id: string): Item | undefined {
    return this.items.find((item) => item.id === id);
  }

  /** @returns whether there was one. */
  remove(id: string): boolean {
    const at = this.items.findIndex((item) => item.id === id);
    const [removed] = at < 0 ? [] : this.items.splice(at, 1);
    if (removed) this.characters -= JSON.stringify(removed).length;
    return removed !== undefined;
  }

  /** All of it, for a model that takes chats. */
  messages(): WireObject[] {
    return chatMessages(this.items);
  }

  private placeAfter(id: string | null | undefined): number | undefined {
    if (id === undefined || id === null) return this.items.length;
    if (id === 'root') return 0;
    const at = this.items.findIndex((item) => item.id === id);
    return at < 0 ? undefined : at + 1;
  }
}

/** The item with an id, its own where it has one. */
export function named(given: GivenItem): Item {
  return { ...given, id: given.id ?? newId('item') };
}

/** Items as the messages of a chat: calls of functions belong to what the assistant said. */
export function chatMessages(items: readonly GivenItem[]): WireObject[] {
  const messages: { role: string; content: unknown; tool_calls?: WireObject[] }[] = [];
  for (const item of items) {
    const last = messages.at(-1);
    if (item.type === 'message') messages.push({ role: item.role, content: contentOf(item.content) });
    else if (item.type === 'function_call_output')
      messages.push({ role: 'tool', content: item.output, ...{ tool_call_id: item.call_id } });
    else if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), callOf(item)];
    else messages.push({ role: 'assistant', content: null, tool_calls: [callOf(item)] });
  }
  return messages.map((message) => ({ ...message }));
}

type Content = Extract<GivenItem, { type: 'message' }>['content'];

function contentOf(parts: Content): unknown {
  const texts = parts.flatMap((part) => (part.type === 'input_image' ? [] : [part.text]));
  if (texts.length === parts.length) return texts.join('');
  return parts.map((part) => {
    if (part.type !== 'input_image') return { type: 'text', text: part.text };
    const { image_url: url, detail } = part;
    return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } };
  });
}

function callOf({ call_id: id, name, arguments: args }: Extract<GivenItem, { type: 'function_call' }>) {
  return { id, type: 'function', function: { name, arguments: args } };
}

function refused(param: string, message: string): Added {
  return { kind: 'refused', message, param };
}
