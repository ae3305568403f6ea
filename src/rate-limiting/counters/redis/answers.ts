import {
  type ClaimState,
  type ColdCounter,
  type CounterClaims,
  type CounterRef,
  type CounterState,
  type ReadAnswer,
  type ReserveAnswer,
  type ReserveCommand,
  type UnitAmounts,
} from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { asList } from './redis-scripts.js';
import { UNIT_LETTER, unitOf } from './unit-letters.js';

/** What `reserve.lua` answered. */
export function readReserveAnswer(command: ReserveCommand, answer: readonly unknown[]): ReserveAnswer {
  if (answer[0] === -1) return { kind: 'cold', cold: readCold(command.counters, answer) };
  if (answer[0] === 0) return { kind: 'denied', states: readStates(command.counters, answer.slice(1)) };
  const granted = Number(answer[1]);
  const values = answer.slice(3);
  return {
    kind: 'reserved',
    granted,
    hold: {
      id: command.id,
      deadlineMs: Number(answer[2]),
      counters: command.counters.map(({ counter, claims }, index) => ({
        counter,
        version: Number(asList(values[index])[0]),
        amounts: claims.map((claim) => ({ unit: claim.unit, amount: amountOf(claim, granted) })),
      })),
    },
    states: readStates(command.counters, values, granted),
  };
}

function readCold(counters: readonly CounterClaims[], answer: readonly unknown[]): ColdCounter[] {
  const cold: ColdCounter[] = [];
  for (let at = 1; at + 1 < answer.length; at += 2) {
    const counter = counters[Number(answer[at])]?.counter;
    if (counter) cold.push({ counter, token: String(answer[at + 1]) });
  }
  return cold;
}

/** What each claim stands at; with its own amount where something was granted. */
function readStates(
  counters: readonly CounterClaims[],
  values: readonly unknown[],
  granted?: number,
): ClaimState[][] {
  return counters.map(({ claims }, index) => {
    const [, ...stored] = asList(values[index]);
    return claims.map((claim, at) => ({
      used: Number(stored[2 * at] ?? 0),
      reserved: Number(stored[2 * at + 1] ?? 0) + (granted === undefined ? 0 : amountOf(claim, granted)),
    }));
  });
}

/** What `read.lua` answered of one counter. */
export function readCounter(counter: CounterRef, answer: unknown): ReadAnswer {
  const [warm, ...rest] = asList(answer);
  if (warm !== 1) return { kind: 'cold', cold: { counter, token: String(rest[0]) } };
  const state: { used: UnitAmounts; reserved: UnitAmounts } = { used: {}, reserved: {} };
  for (let at = 0; at + 1 < rest.length; at += 2) addField(state, String(rest[at]), Number(rest[at + 1]));
  return { kind: 'warm', state };
}

function addField(state: CounterState, field: string, amount: number): void {
  const unit = unitOf(field);
  if (!unit || field === 'g' || field === 'k') return;
  (field === UNIT_LETTER[unit] ? state.used : state.reserved)[unit] = amount;
}

/** The fields of what is used; zeros need none. */
export function lettersOf(used: UnitAmounts): [string, number][] {
  const letters: [string, number][] = [];
  for (const [unit, amount] of Object.entries(used)) {
    const letter = new Map<string, string>(Object.entries(UNIT_LETTER)).get(unit);
    if (letter && amount !== 0) letters.push([letter, amount]);
  }
  return letters;
}
