import { type Claim, type ReserveCommand } from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { memberText, unitsOf } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { packed, type ScriptArgument, type ScriptCall } from './script-request.js';
import { UNIT_INDEX } from './unit-order.js';

/** The numbers of a command, in the order in which `reserve.lua` reads them. */
interface Asked {
  readonly bounds: number[];
  readonly held: number[];
  readonly expiries: number[];
  readonly growth: number[];
}

/**
 * The keys and arguments of `reserve.lua`, in the order of its header, for whichever epoch turns out to be open.
 * @param nowMs 0 is the server's own clock.
 */
export function reserveCall(keys: ShardKeys, command: ReserveCommand, nowMs: number) {
  const { id, ttlMs, elastic, counters } = command;
  const asked: Asked = { bounds: [], held: [], expiries: [], growth: [] };
  for (const { counter, claims } of counters) {
    asked.expiries.push(counter.expiresAtMs);
    addClaims(asked, claims, elastic.max);
  }
  const args: ScriptArgument[] = [
    '',
    packed([ttlMs, nowMs], asked.bounds, asked.held),
    packed([elastic.min, elastic.max], asked.expiries, asked.growth),
    memberText(
      id,
      counters.map(({ counter, claims }) => ({ counter, units: claims })),
    ),
  ];
  return (epoch: string): ScriptCall => {
    args[0] = epoch;
    const names = [keys.live(epoch), keys.open];
    for (const { counter } of counters) names.push(keys.counter(epoch, counter));
    return { keys: names, args };
  };
}

function addClaims(asked: Asked, claims: readonly Claim[], elastic: number): void {
  const { bounds, held, growth } = asked;
  const units = unitsOf(claims);
  held.push(units);
  const [bound, amount, grows] = [bounds.length, held.length, growth.length];
  for (let unit = 0; unit < units; unit++) {
    bounds.push(Infinity);
    held.push(0);
    growth.push(0, 0);
  }
  for (const claim of claims) {
    const unit = UNIT_INDEX[claim.unit];
    if (claim.hard && claim.max > 0) bounds[bound + unit] = claim.max;
    held[amount + unit] = amountOf(claim, elastic);
    growth[grows + 2 * unit] = claim.base;
    growth[grows + 2 * unit + 1] = claim.perElastic;
  }
}
