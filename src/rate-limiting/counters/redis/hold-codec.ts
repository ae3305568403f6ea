import { type HeldAmount, type HeldCounter, type Hold } from '../../domain/counters.js';
import { reservationId } from '../../domain/ids.js';

import { counterKey, parseCounterKey } from './keys.js';
import { UNIT_LETTER, unitOf } from './unit-letters.js';

/**
 * A hold as its member in the live reservations: `id|key expiry version t12,c1|…`. `reserve.lua` writes the same text,
 * so that settling finds it by value and the sweeper needs nothing else.
 */
export function memberOf(epoch: string, hold: Hold): string {
  let member: string = hold.id;
  for (const { counter, version, amounts } of hold.counters) {
    const held = amounts.map(({ unit, amount }) => UNIT_LETTER[unit] + String(amount)).join(',');
    member += `|${counterKey(epoch, counter)} ${counter.expiresAtMs} ${version} ${held}`;
  }
  return member;
}

/** The hold that a member tells of, or `undefined` where the text is none of ours. */
function holdOf(member: string, deadlineMs: number): Hold | undefined {
  const [id, ...parts] = member.split('|');
  if (!id) return undefined;
  const counters: HeldCounter[] = [];
  for (const part of parts) {
    const counter = heldCounterOf(part);
    if (!counter) return undefined;
    counters.push(counter);
  }
  return { id: reservationId(id), deadlineMs, counters };
}

/** The holds of a script's list of members and deadlines. */
export function holdsIn(found: readonly unknown[]): Hold[] {
  const holds: Hold[] = [];
  for (let at = 0; at + 1 < found.length; at += 2) {
    const hold = holdOf(String(found[at]), Number(found[at + 1]));
    if (hold) holds.push(hold);
  }
  return holds;
}

function heldCounterOf(part: string): HeldCounter | undefined {
  const [key = '', expiresAtMs, version, held = ''] = part.split(' ');
  const ref = parseCounterKey(key);
  if (!ref) return undefined;
  return {
    counter: { ...ref, expiresAtMs: Number(expiresAtMs) },
    version: Number(version),
    amounts: held.split(',').flatMap(heldAmountOf),
  };
}

function heldAmountOf(text: string): HeldAmount[] {
  const unit = unitOf(text.slice(0, 1));
  return unit ? [{ unit, amount: Number(text.slice(1)) }] : [];
}
