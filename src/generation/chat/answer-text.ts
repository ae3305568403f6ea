import { type WireObject } from '../../providers/index.js';

/** All text that an answer delivers, of every choice, tool calls and reasoning too: for estimating what it used. */
export function textOfAnswer(body: WireObject): string {
  return listOf(body.choices)
    .map((choice) => (isRecord(choice) ? textIn(choice.message) : ''))
    .join('');
}

/** The first choice's content: what a person reads. */
export function contentOf(body: WireObject): string {
  const [choice] = listOf(body.choices);
  const message = isRecord(choice) ? choice.message : undefined;
  return isRecord(message) && typeof message.content === 'string' ? message.content : '';
}

/** Everything but the role is output. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textIn).join('');
  if (!isRecord(value)) return '';
  return Object.entries(value)
    .map(([name, part]) => (name === 'role' || name === 'type' || name === 'id' ? '' : textIn(part)))
    .join('');
}

function listOf(value: unknown): unknown[] {
  const list: unknown[] = Array.isArray(value) ? value : [];
  return list;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
