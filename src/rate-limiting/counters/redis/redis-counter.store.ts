import { amountOf } from '../../domain/decision.js';
import {
  CounterStore,
  type ClaimState,
  type ColdCounter,
  type CounterClaims,
  type CounterRef,
  type CounterState,
  type Hold,
  type PermitsAnswer,
  type ReadAnswer,
  type ReserveAnswer,
  type ReserveCommand,
  type TakePermits,
  type UnitAmounts,
} from '../../domain/counters.js';
import { describeTake } from '../../domain/bucket.js';

import { holdOf, memberOf } from './hold-codec.js';
import { bucketKey, counterKey, LIVE_KEY } from './keys.js';
import { asList, RedisScripts, type ScriptRunner } from './redis-scripts.js';
import { ALL_LETTERS, UNIT_LETTER, unitOf } from './unit-letters.js';

/** Counters in Redis: one script a verb, one hash a subject and period, one round trip a call. */
export class RedisCounterStore extends CounterStore {
  private readonly scripts: RedisScripts;

  /** @param nowMs replaces the server's own clock: for tests that drive several stores through one time. */
  constructor(
    redis: ScriptRunner,
    private readonly nowMs?: () => number,
  ) {
    super();
    this.scripts = new RedisScripts(redis);
  }

  async reserve(command: ReserveCommand): Promise<ReserveAnswer> {
    const keys = [LIVE_KEY];
    const { min, max } = command.elastic;
    const args: (string | number)[] = [this.nowUs(), command.id, command.ttlMs, min, max];
    for (const { counter, claims } of command.counters) {
      keys.push(counterKey(counter));
      args.push(counter.expiresAtMs, claims.length);
      for (const claim of claims) {
        args.push(UNIT_LETTER[claim.unit], claim.max, claim.hard ? 1 : 0, claim.base, claim.perElastic);
      }
    }
    // A reserve that was given up and ran after all holds what nobody will use.
    const giveBack = (answer: unknown[]) => {
      const late = readReserveAnswer(command, answer);
      if (late.kind === 'reserved') void this.release(late.hold).catch(() => undefined);
    };
    return readReserveAnswer(command, await this.scripts.run('reserve', keys, args, giveBack));
  }

  async settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean> {
    const args: (string | number)[] = [memberOf(hold)];
    hold.counters.forEach(({ version, amounts }, index) => {
      args.push(version, amounts.length);
      for (const { unit, amount } of amounts) args.push(UNIT_LETTER[unit], amount, used[index]?.[unit] ?? 0);
    });
    return this.ended('settle', hold, args);
  }

  async release(hold: Hold): Promise<boolean> {
    const args: (string | number)[] = [memberOf(hold)];
    for (const { amounts } of hold.counters) {
      args.push(amounts.length);
      for (const { unit, amount } of amounts) args.push(UNIT_LETTER[unit], amount);
    }
    return this.ended('release', hold, args);
  }

  async load({ counter, token }: ColdCounter, used: UnitAmounts): Promise<boolean> {
    const args: (string | number)[] = [token, counter.expiresAtMs, ALL_LETTERS];
    for (const [letter, amount] of lettersOf(used)) args.push(letter, amount);
    const [loaded] = await this.scripts.run('load', [counterKey(counter)], args);
    return loaded === 1;
  }

  async invalidate(counters: readonly CounterRef[]): Promise<void> {
    if (counters.length === 0) return;
    await this.scripts.run('invalidate', counters.map(counterKey), []);
  }

  async read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    if (counters.length === 0) return [];
    const expiries = counters.map((counter) => counter.expiresAtMs);
    const answers = await this.scripts.run('read', counters.map(counterKey), expiries);
    return counters.map((counter, index) => readCounter(counter, answers[index]));
  }

  async renew(hold: Hold, ttlMs: number): Promise<Hold | undefined> {
    const [deadlineMs] = await this.scripts.run('renew', [LIVE_KEY], [this.nowUs(), memberOf(hold), ttlMs]);
    return deadlineMs === 0 ? undefined : { ...hold, deadlineMs: Number(deadlineMs) };
  }

  async overdue(limit: number): Promise<Hold[]> {
    const found = await this.scripts.run('overdue', [LIVE_KEY], [this.nowUs(), limit]);
    const holds: Hold[] = [];
    for (let at = 0; at + 1 < found.length; at += 2) {
      const hold = holdOf(String(found[at]), Number(found[at + 1]));
      if (hold) holds.push(hold);
    }
    return holds;
  }

  async takePermits(command: TakePermits): Promise<PermitsAnswer> {
    const { bucket, permits, burst, refillPerSec } = command;
    const args = [this.nowUs(), permits, burst, refillPerSec];
    const [taken, fullAtUs, nowUs] = await this.scripts.run('take-permits', [bucketKey(bucket)], args);
    return describeTake(taken === 1, permits, { fullAtUs: Number(fullAtUs), nowUs: Number(nowUs) }, command);
  }

  private async ended(
    verb: 'settle' | 'release',
    hold: Hold,
    args: readonly (string | number)[],
  ): Promise<boolean> {
    const keys = [LIVE_KEY, ...hold.counters.map(({ counter }) => counterKey(counter))];
    const [ended] = await this.scripts.run(verb, keys, args);
    return ended === 1;
  }

  private nowUs(): string {
    return this.nowMs ? String(this.nowMs() * 1000) : '';
  }
}

function readReserveAnswer(command: ReserveCommand, answer: readonly unknown[]): ReserveAnswer {
  if (answer[0] === -1) return { kind: 'cold', cold: readCold(command.counters, answer) };
  if (answer[0] === 0) return { kind: 'denied', states: readStates(command.counters, answer, 1) };
  const granted = Number(answer[1]);
  const versionsAt = 3;
  return {
    kind: 'reserved',
    granted,
    hold: {
      id: command.id,
      deadlineMs: Number(answer[2]),
      counters: command.counters.map(({ counter, claims }, index) => ({
        counter,
        version: Number(answer[versionsAt + index]),
        amounts: claims.map((claim) => ({ unit: claim.unit, amount: amountOf(claim, granted) })),
      })),
    },
    states: readStates(command.counters, answer, versionsAt + command.counters.length),
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

function readStates(
  counters: readonly CounterClaims[],
  answer: readonly unknown[],
  from: number,
): ClaimState[][] {
  let at = from;
  return counters.map(({ claims }) =>
    claims.map(() => ({ used: Number(answer[at++]), reserved: Number(answer[at++]) })),
  );
}

function readCounter(counter: CounterRef, answer: unknown): ReadAnswer {
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

function lettersOf(used: UnitAmounts): [string, number][] {
  const letters: [string, number][] = [];
  for (const [unit, amount] of Object.entries(used)) {
    const letter = new Map<string, string>(Object.entries(UNIT_LETTER)).get(unit);
    if (letter && amount !== 0) letters.push([letter, amount]);
  }
  return letters;
}
