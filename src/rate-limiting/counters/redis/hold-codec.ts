import { type HeldAmount, type HeldCounter, type Hold } from '../../domain/counters.js';
import { reservationId } from '../../domain/ids.js';

import { nameOf, parseName } from './counter-names.js';
import { type ShardKeys } from './keys.js';
import { type PackedArgument, type ScriptCall } from './script-request.js';
import { letterOf, UNIT_INDEX, unitOf } from './unit-order.js';

const WIDTH = 8;
const HIGH_WORD = 0x1_0000_0000;

/**
 * A hold as its member in the live reservations: `id|name expiry letters|…` up to a line's end, then doubles (a counter:
 * number of units, the amount of each in the order of units), then the version of each counter. `reserve.lua` puts the
 * same bytes together, so that settling finds it by value and the sweeper needs nothing else.
 */
export function memberOf(hold: Hold): PackedArgument {
  const counters = hold.counters.map(({ counter, amounts }) => ({ counter, units: amounts }));
  return {
    text: memberText(hold.id, counters),
    doubles: hold.counters.map(({ amounts }) => [unitsOf(amounts), ...heldOf(amounts)]),
    stamps: hold.counters.map(({ version }) => version),
  };
}

/** What a member begins with. */
export function memberText(
  id: string,
  counters: readonly {
    readonly counter: HeldCounter['counter'];
    readonly units: readonly Pick<HeldAmount, 'unit'>[];
  }[],
): string {
  let text = id;
  for (const { counter, units } of counters) {
    text += `|${nameOf(counter)} ${counter.expiresAtMs} `;
    for (const { unit } of units) text += letterOf(unit);
  }
  return `${text}\n`;
}

/** How many units a counter's numbers reach to. */
export function unitsOf(of: readonly Pick<HeldAmount, 'unit'>[]): number {
  let units = 0;
  for (const { unit } of of) units = Math.max(units, UNIT_INDEX[unit] + 1);
  return units;
}

/** Amounts in the order of units; those that are not held are 0. */
function heldOf(amounts: readonly HeldAmount[]): number[] {
  const held = new Array<number>(unitsOf(amounts)).fill(0);
  for (const { unit, amount } of amounts) held[UNIT_INDEX[unit]] = amount;
  return held;
}

/** The keys and arguments of `release.lua`. */
export function releaseCall(keys: ShardKeys, epoch: string, hold: Hold): ScriptCall {
  return { keys: holdKeys(keys, epoch, hold), args: [memberOf(hold)] };
}

/** The keys and arguments of `register.lua`. */
export function registerCall(
  keys: ShardKeys,
  epoch: string,
  { hold, ttlMs }: { readonly hold: Hold; readonly ttlMs: number },
): ScriptCall {
  const expiries = hold.counters.map(({ counter }) => counter.expiresAtMs);
  return {
    keys: [keys.epoch, ...holdKeys(keys, epoch, hold)],
    args: [epoch, memberOf(hold), ttlMs, ...expiries],
  };
}

/** The keys and arguments of `shrink.lua`: a hold, and what becomes of it. */
export function shrinkCall(
  keys: ShardKeys,
  epoch: string,
  [hold, smaller]: readonly [Hold, Hold],
): ScriptCall {
  return { keys: holdKeys(keys, epoch, hold), args: [memberOf(hold), memberOf(smaller)] };
}

/** The keys of a hold: the live reservations, then its counters. */
export function holdKeys(keys: ShardKeys, epoch: string, hold: Hold): string[] {
  return [keys.live(epoch), ...hold.counters.map(({ counter }) => keys.counter(epoch, counter))];
}

/** The holds of a script's list of members and deadlines. */
export function holdsIn(found: readonly unknown[]): Hold[] {
  const holds: Hold[] = [];
  for (let at = 0; at + 1 < found.length; at += 2) {
    const member = found[at];
    const hold = Buffer.isBuffer(member) ? holdOf(member, Number(String(found[at + 1]))) : undefined;
    if (hold) holds.push(hold);
  }
  return holds;
}

/** The hold that a member tells of, or `undefined` where it is none of ours. */
function holdOf(member: Buffer, deadlineMs: number): Hold | undefined {
  const end = member.indexOf('\n');
  const [id, ...parts] = member.toString('utf8', 0, Math.max(0, end)).split('|');
  if (!id) return undefined;
  const numbers = member.subarray(end + 1);
  const stamps = numbers.length - parts.length * WIDTH;
  const counters: HeldCounter[] = [];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const [name = '', expiresAtMs, letters = ''] = part.split(' ');
    const ref = parseName(name);
    const units = at < stamps ? numbers.readDoubleLE(at) : Number.NaN;
    const next = at + (1 + units) * WIDTH;
    if (!ref || !(next <= stamps)) return undefined;
    counters.push({
      counter: { ...ref, expiresAtMs: Number(expiresAtMs) },
      version: stampAt(numbers, stamps + index * WIDTH),
      amounts: amountsIn(numbers.subarray(at + WIDTH, next), letters),
    });
    at = next;
  }
  return { id: reservationId(id), deadlineMs, counters };
}

function stampAt(numbers: Buffer, at: number): number {
  return numbers.readUInt32BE(at) * HIGH_WORD + numbers.readUInt32BE(at + 4);
}

function amountsIn(held: Buffer, letters: string): HeldAmount[] {
  return [...letters].flatMap((letter): HeldAmount[] => {
    const unit = unitOf(letter);
    const at = unit === undefined ? held.length : UNIT_INDEX[unit] * WIDTH;
    return unit === undefined || at >= held.length ? [] : [{ unit, amount: held.readDoubleLE(at) }];
  });
}
