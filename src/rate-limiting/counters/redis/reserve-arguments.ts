import { type CounterClaims, type ReserveCommand } from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { heldText, memberBody } from './hold-codec.js';
import { counterKey, EPOCH_KEY, liveKey } from './keys.js';
import { UNIT_LETTER } from './unit-letters.js';

type Args = (string | number)[];

/** The keys and arguments of `reserve.lua`, in the order of its header, for whichever epoch turns out to be open. */
export function reserveArguments(command: ReserveCommand, nowUs: string) {
  const { min, max } = command.elastic;
  const fixed: Args = [nowUs, command.ttlMs, min, max];
  const claimed: Args = [];
  const held = command.counters.map((counter) => addClaims(claimed, counter, max));
  return (epoch: string): { keys: string[]; args: Args } => {
    const keys = command.counters.map(({ counter }) => counterKey(epoch, counter));
    const member = memberBody(
      command.id,
      held.map((text, index) => `${keys[index]} ${text}`),
    );
    return { keys: [EPOCH_KEY, liveKey(epoch), ...keys], args: [epoch, ...fixed, member, ...claimed] };
  };
}

/** @returns the counter's part of the member, without its key. */
function addClaims(args: Args, { counter, claims }: CounterClaims, elastic: number): string {
  args.push(counter.expiresAtMs, claims.length, 'g');
  for (const { unit } of claims) args.push(UNIT_LETTER[unit], UNIT_LETTER[unit].toUpperCase());
  let held = '';
  let growth = '';
  for (const claim of claims) {
    const amount = amountOf(claim, elastic);
    args.push(claim.hard ? claim.max : 0, amount);
    held += `${held === '' ? '' : ','}${heldText({ unit: claim.unit, amount })}`;
    growth += `${growth === '' ? '' : ','}${claim.base}:${claim.perElastic}`;
  }
  args.push(growth);
  return `${counter.expiresAtMs} ${held}`;
}
