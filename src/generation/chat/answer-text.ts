import { isWireObject, objectAt, objectsAt, type WireObject } from '../../providers/index.js';

/** All text that an answer delivers, of every choice, tool calls and reasoning too: for estimating what it used. */
export function textOfAnswer(body: WireObject): string {
  return objectsAt(body, 'choices')
    .map(({ message }) => textIn(message))
    .join('');
}

/** The first choice's content: what a person reads. */
export function contentOf(body: WireObject): string {
  const [choice] = objectsAt(body, 'choices');
  const content = objectAt(choice, 'message')?.content;
  return typeof content === 'string' ? content : '';
}

/** What the first choice of a streamed chunk adds to the content. */
export function contentDeltaOf(chunk: WireObject): string {
  const [choice] = objectsAt(chunk, 'choices');
  const content = objectAt(choice, 'delta')?.content;
  return typeof content === 'string' ? content : '';
}

/** Everything but the role is output. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textIn).join('');
  if (!isWireObject(value)) return '';
  return Object.entries(value)
    .map(([name, part]) => (name === 'role' || name === 'type' || name === 'id' ? '' : textIn(part)))
    .join('');
}
