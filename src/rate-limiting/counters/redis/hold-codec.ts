import { type HeldAmount, type HeldCounter, type Hold } from '../../domain/counters.js';
import { reservationId } from '../../domain/ids.js';

import { type ShardKeys } from './keys.js';
import { UNIT_LETTER, unitOf } from './unit-letters.js';

/**
 * A hold as its member in the live reservations: `id|key expiry t12,c1|…|version version…`. `reserve.lua` writes the
 * same text, so that settling finds it by value and the sweeper needs nothing else. The versions come last: they are
 * all that only Redis knows, and the rest is made here.
 */
export function memberOf(keys: ShardKeys, epoch: string, hold: Hold): string {
  const bodies = hold.counters.map(
    ({ counter, amounts }) =>
      `${keys.counter(epoch, counter)} ${counter.expiresAtMs} ${amounts.map(heldText).join(',')}`,
  );
  return `${memberBody(hold.id, bodies)}|${hold.counters.map(({ version }) => version).join(' ')}`;
}

/** A hold's member without its versions, of `key expiry t12,c1` for each counter. */
export function memberBody(id: string, counters: readonly string[]): string {
  return [id, ...counters].join('|');
}

/** One held amount, as members have it. */
export function heldText({ unit, amount }: HeldAmount): string {
  return UNIT_LETTER[unit] + String(amount);
}

/** The keys and arguments of `release.lua`. */
export function releaseCall(
  keys: ShardKeys,
  epoch: string,
  hold: Hold,
): { keys: string[]; args: (string | number)[] } {
  const args: (string | number)[] = [memberOf(keys, epoch, hold)];
  for (const { amounts } of hold.counters) {
    args.push(amounts.length);
    for (const { unit, amount } of amounts) args.push(UNIT_LETTER[unit], amount);
  }
  return {
    keys: [keys.live(epoch), ...hold.counters.map(({ counter }) => keys.counter(epoch, counter))],
    args,
  };
}

/** The hold that a member tells of, or `undefined` where the text is none of ours. */
function holdOf(keys: ShardKeys, member: string, deadlineMs: number): Hold | undefined {
  const [id, ...parts] = member.split('|');
  const versions = parts.pop()?.match(/\S+/g) ?? [];
  if (!id || versions.length !== parts.length) return undefined;
  const counters: HeldCounter[] = [];
  for (const [index, part] of parts.entries()) {
    const counter = heldCounterOf(keys, part, Number(versions[index]));
    if (!counter) return undefined;
    counters.push(counter);
  }
  return { id: reservationId(id), deadlineMs, counters };
}

/** The holds of a script's list of members and deadlines. */
export function holdsIn(keys: ShardKeys, found: readonly unknown[]): Hold[] {
  const holds: Hold[] = [];
  for (let at = 0; at + 1 < found.length; at += 2) {
    const hold = holdOf(keys, String(found[at]), Number(found[at + 1]));
    if (hold) holds.push(hold);
  }
  return holds;
}

function heldCounterOf(keys: ShardKeys, part: string, version: number): HeldCounter | undefined {
  const [key = '', expiresAtMs, held = ''] = part.split(' ');
  const ref = keys.parseCounter(key);
  if (!ref) return undefined;
  return {
    counter: { ...ref, expiresAtMs: Number(expiresAtMs) },
    version,
    amounts: held.split(',').flatMap(heldAmountOf),
  };
}

function heldAmountOf(text: string): HeldAmount[] {
  const unit = unitOf(text.slice(0, 1));
  return unit ? [{ unit, amount: Number(text.slice(1)) }] : [];
}
