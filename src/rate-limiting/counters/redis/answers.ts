import {
  type ClaimState,
  type CounterClaims,
  type HeldCounter,
  type ReserveAnswer,
  type ReserveCommand,
} from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { PackedCounter } from './packed-counter.js';

const DENIED = 0;
const COLD = -1;

/** What `reserve.lua` answered. */
export function readReserveAnswer(command: ReserveCommand, answer: readonly unknown[]): ReserveAnswer {
  const { counters, elastic } = command;
  const deadlineMs = Number(answer[0]);
  if (deadlineMs === COLD) return { kind: 'cold', cold: readCold(counters, answer) };
  if (deadlineMs === DENIED) return { kind: 'denied', states: readStates(counters, answer) };
  const granted = Number(answer[counters.length + 1] ?? elastic.max);
  const states: ClaimState[][] = [];
  const held: HeldCounter[] = [];
  for (const [index, { counter, claims }] of counters.entries()) {
    const packed = new PackedCounter(answer[index + 1]);
    const amounts = claims.map((claim) => ({ unit: claim.unit, amount: amountOf(claim, granted) }));
    held.push({ counter, version: packed.stamp, amounts });
    states.push(amounts.map(({ unit, amount }) => packed.stateOf(unit, amount)));
  }
  return { kind: 'reserved', granted, hold: { id: command.id, deadlineMs, counters: held }, states };
}

function readCold(counters: readonly CounterClaims[], answer: readonly unknown[]) {
  return counters.flatMap(({ counter }, index) => {
    const packed = new PackedCounter(answer[index + 1]);
    return packed.stamp > 0 ? [] : [{ counter, token: packed.token }];
  });
}

function readStates(counters: readonly CounterClaims[], answer: readonly unknown[]): ClaimState[][] {
  return counters.map(({ claims }, index) => {
    const packed = new PackedCounter(answer[index + 1]);
    return claims.map(({ unit }) => packed.stateOf(unit, 0));
  });
}
