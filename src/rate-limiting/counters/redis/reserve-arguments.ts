import { type CounterClaims, type ReserveCommand } from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { heldText, memberBody } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { UNIT_LETTER } from './unit-letters.js';

/** The keys and arguments of `reserve.lua`, in the order of its header, for whichever epoch turns out to be open. */
export function reserveArguments(shard: ShardKeys, command: ReserveCommand, nowUs: string) {
  const { id, ttlMs, elastic, counters } = command;
  const asked = counters.map((counter) => askedOf(counter, elastic.max));
  const held = counters.map(({ counter, claims }, index) => {
    const amounts = claims.map(({ unit }, at) => heldText({ unit, amount: asked[index]?.[3][at] ?? 0 }));
    return `${counter.expiresAtMs} ${amounts.join(',')}`;
  });
  return (epoch: string): { keys: string[]; args: string[] } => {
    const keys = counters.map(({ counter }) => shard.counter(epoch, counter));
    const member = memberBody(
      id,
      held.map((text, index) => `${keys[index]} ${text}`),
    );
    const call = [ttlMs, elastic.min, elastic.max, member, asked];
    return { keys: [shard.epoch, shard.live(epoch), ...keys], args: [epoch, nowUs, JSON.stringify(call)] };
  };
}

function askedOf({ counter, claims }: CounterClaims, elastic: number) {
  const fields = ['g'];
  const bounds: number[] = [];
  const amounts: number[] = [];
  const growth: number[] = [];
  for (const claim of claims) {
    const letter = UNIT_LETTER[claim.unit];
    fields.push(letter, letter.toUpperCase());
    bounds.push(claim.hard ? claim.max : 0);
    amounts.push(amountOf(claim, elastic));
    growth.push(claim.base, claim.perElastic);
  }
  return [counter.expiresAtMs, fields, bounds, amounts, growth] as const;
}
