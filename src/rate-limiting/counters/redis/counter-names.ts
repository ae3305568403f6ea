import { type Subject, type SubjectKind } from '../../domain/caller.js';
import { type CounterRef } from '../../domain/counters.js';

type Named = Pick<CounterRef, 'subject' | 'window'>;

/** A capital is for ids that are UUIDs: packed, so that keys are short; none of them looks like an escaped id of its kind. */
const LETTER = {
  user: 'u',
  apiKey: 'k',
  workspace: 'w',
  workflow: 'f',
  session: 's',
  system: 'y',
} as const satisfies Record<SubjectKind, string>;

const KIND_OF = new Map<string, SubjectKind>([
  ['u', 'user'],
  ['k', 'apiKey'],
  ['w', 'workspace'],
  ['f', 'workflow'],
  ['s', 'session'],
  ['y', 'system'],
]);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST_REMEMBERED = 50_000;

/** Names by kind, window and id: making one is dearer than the rest of a key. */
const remembered = new Map<SubjectKind, Map<string, Map<string, string>>>();
let count = 0;

/** A counter's name: whose and which window, such as `uanna:2026-11-01`. Two counters never share one; plain ASCII. */
export function nameOf(counter: Named): string {
  const { subject, window } = counter;
  return remembered.get(subject.kind)?.get(window)?.get(subject.id) ?? remember(counter);
}

/** The subject and window of a name, or `undefined` where it is none. */
export function parseName(name: string): { subject: Subject; window: string } | undefined {
  const [id = '', window] = name.slice(1).split(':');
  const letter = name.charAt(0);
  const kind = KIND_OF.get(letter.toLowerCase());
  if (!kind || window === undefined) return undefined;
  const packed = letter !== letter.toLowerCase();
  return {
    subject: { kind, id: packed ? unpackUuid(id) : decodeURIComponent(id) },
    window: decodeURIComponent(window),
  };
}

function remember(counter: Named): string {
  // Now and then from the start again: cheaper than to know which was asked for last.
  if (++count > MOST_REMEMBERED) {
    remembered.clear();
    count = 0;
  }
  const { subject, window } = counter;
  const windows = childOf(remembered, subject.kind);
  const ids = childOf(windows, window);
  const name = makeName(counter);
  ids.set(subject.id, name);
  return name;
}

function childOf<Key, ChildKey, Value>(
  parent: Map<Key, Map<ChildKey, Value>>,
  key: Key,
): Map<ChildKey, Value> {
  const known = parent.get(key);
  if (known) return known;
  const made = new Map<ChildKey, Value>();
  parent.set(key, made);
  return made;
}

function makeName({ subject: { kind, id }, window }: Named): string {
  const letter = LETTER[kind];
  const owner = UUID.test(id) ? letter.toUpperCase() + packUuid(id) : letter + encodeURIComponent(id);
  return `${owner}:${encodeURIComponent(window)}`;
}

function packUuid(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

function unpackUuid(packed: string): string {
  const hex = Buffer.from(packed, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
