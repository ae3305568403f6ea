import { setTimeout as delay } from 'node:timers/promises';

import { type LuaRunner, ServerMoved } from '../../../database/index.js';
import { CodedError } from '../../../errors.js';
import { describeTake } from '../../domain/bucket.js';
import {
  type ColdCounter,
  type CounterRef,
  CounterStore,
  type Hold,
  type PermitsAnswer,
  type ReadAnswer,
  type ReserveAnswer,
  type ReserveCommand,
  type TakePermits,
  type UnitAmounts,
} from '../../domain/counters.js';

import { asRestored } from '../../kept-reservations.js';
import { rereadPatienceMs } from '../reread-patience.js';
import { readReserveAnswer } from './answers.js';
import { type Epoch, STANDING_EPOCH } from './epoch.js';
import { holdKeys, holdsIn, memberOf, registerCall, releaseCall, shrinkCall, unitsOf } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { PackedCounter } from './packed-counter.js';
import { RedisScripts, type ScriptName } from './redis-scripts.js';
import { reserveCall } from './reserve-call.js';
import { packed, type ScriptCall } from './script-request.js';
import { UNIT_ORDER } from './unit-order.js';

const EPOCH_PASSED = -2;
/** Redis would have to be emptied as often within one call. */
const MOST_EPOCHS = 5;
/** While a cluster moves keys from one server to another, and as long as a call waits for an epoch. */
const MOVE_PATIENCE_MS = 1_000;
const PAUSE_MS = 20;

/** So few that a step of a walk over all keys holds nobody up. */
const KEYS_A_STEP = 500;

/** Counters in Redis: one script a verb, one packed string a subject and period, one round trip a call. */
export class RedisCounterStore extends CounterStore {
  private readonly scripts: RedisScripts;
  private readonly keys: ShardKeys;
  /** Reserves that failed for us and may have been done all the same. */
  private readonly inDoubt = new Set<string>();

  /** @param nowMs replaces the server's own clock: for tests that drive several stores through one time. */
  constructor(
    redis: LuaRunner,
    private readonly epoch: Epoch = STANDING_EPOCH,
    private readonly nowMs?: () => number,
  ) {
    super();
    this.scripts = new RedisScripts(redis);
    this.keys = epoch.keys;
  }

  /** As `Epoch.turns`: what was held before the last time, and is not among the calls in flight yet, holds nothing. */
  override get turns(): number {
    return this.epoch.turns;
  }

  async reserve(command: ReserveCommand): Promise<ReserveAnswer> {
    const call = reserveCall(this.keys, command, this.nowMs?.() ?? 0);
    // A reserve that was given up and ran after all holds what nobody will use.
    const giveBack = (answer: unknown[]) => {
      const late = Number(answer[0]) > 0 ? readReserveAnswer(command, answer) : undefined;
      if (late?.kind === 'reserved') void this.release(late.hold).catch(() => undefined);
      else this.inDoubt.delete(command.id);
    };
    try {
      return readReserveAnswer(command, await this.reserveInTurn(call, giveBack));
    } catch (error) {
      this.inDoubt.add(command.id);
      throw error;
    }
  }

  async settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean> {
    const spent = hold.counters.map(({ amounts }, index) =>
      UNIT_ORDER.slice(0, unitsOf(amounts)).map((unit) =>
        amounts.some((held) => held.unit === unit) ? (used[index]?.[unit] ?? 0) : 0,
      ),
    );
    const patience = hold.counters.map(({ counter }) => rereadPatienceMs(counter) * 1_000);
    const args = [memberOf(hold), packed(...spent), packed(patience)];
    return this.end('settle', (epoch) => ({ keys: holdKeys(this.keys, epoch, hold), args }));
  }

  release(hold: Hold): Promise<boolean> {
    return this.end('release', (epoch) => releaseCall(this.keys, epoch, hold));
  }

  /** Holds less than before, with the same deadline. @returns false where the hold has ended. */
  async shrink(hold: Hold, smaller: Hold): Promise<boolean> {
    const [shrunk] = await this.inEpoch('shrink', (epoch) => shrinkCall(this.keys, epoch, [hold, smaller]));
    return shrunk === 1;
  }

  async load({ counter, token }: ColdCounter, used: UnitAmounts): Promise<boolean> {
    const amounts = packed(UNIT_ORDER.map((unit) => used[unit] ?? 0));
    try {
      const epoch = await this.openEpoch();
      const keys = [this.keys.open, this.keys.counter(epoch, counter)];
      const args = [epoch, token, counter.expiresAtMs, amounts];
      const [loaded] = await this.scripts.run('load', { keys, args });
      return loaded === 1;
    } catch (error) {
      // As in an epoch that has passed: whoever asks again finds the counter cold.
      if (error instanceof ServerMoved) return false;
      throw error;
    }
  }

  async invalidate(counters: readonly CounterRef[]): Promise<void> {
    if (counters.length === 0) return;
    await this.inEpoch('invalidate', (epoch) => ({
      keys: counters.map((counter) => this.keys.counter(epoch, counter)),
      args: [],
    }));
  }

  async invalidateAll(): Promise<void> {
    let cursor = '0';
    do {
      const [next] = await this.inEpoch('invalidate-all', (epoch) => ({
        keys: [this.keys.live(epoch)],
        args: [cursor, KEYS_A_STEP, this.keys.counterPrefix(epoch)],
      }));
      cursor = String(next);
    } while (cursor !== '0');
  }

  async read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    if (counters.length === 0) return [];
    const expiries = counters.map((counter) => counter.expiresAtMs);
    const answers = await this.inEpoch('read', (epoch) => ({
      keys: [this.keys.open, ...counters.map((counter) => this.keys.counter(epoch, counter))],
      args: [epoch, ...expiries],
    }));
    return counters.map((counter, index) => new PackedCounter(answers[index + 1]).read(counter));
  }

  async renew(hold: Hold, ttlMs: number): Promise<Hold | undefined> {
    const args = [this.nowUs(), memberOf(hold), ttlMs];
    const [deadlineMs] = await this.inLive('renew', args);
    return deadlineMs === 0 ? undefined : { ...hold, deadlineMs: Number(deadlineMs) };
  }

  async restore(hold: Hold, ttlMs: number): Promise<void> {
    const restored = asRestored(hold);
    if ((await this.renew(hold, ttlMs)) ?? (await this.renew(restored, ttlMs))) return;
    await this.inEpoch('register', (epoch) => registerCall(this.keys, epoch, { hold: restored, ttlMs }));
  }

  async overdue(limit: number): Promise<Hold[]> {
    await this.dropDoubtful();
    return holdsIn(await this.inLive('overdue', [this.nowUs(), limit]));
  }

  /** The live holds of these ids. */
  async find(ids: readonly string[]): Promise<Hold[]> {
    return ids.length === 0 ? [] : holdsIn(await this.inLive('find-live', ids));
  }

  async takePermits(command: TakePermits): Promise<PermitsAnswer> {
    const { bucket, permits, burst, refillPerSec } = command;
    const call = {
      keys: [this.keys.bucket(bucket)],
      args: [this.nowUs(), permits, burst, refillPerSec],
    };
    const [taken, fullAt, now] = await this.scripts.run('take-permits', call);
    const [fullAtUs, nowUs] = [Number(String(fullAt)), Number(String(now))];
    return describeTake(taken === 1, permits, { fullAtUs, nowUs }, command);
  }

  /**
   * A hold that is not there may have ended before; or Redis was emptied, and this instance has not noticed. Then its
   * calls in flight are registered where the counters stand now, before any end is taken for told.
   * @returns whether it was ended now.
   */
  private async end(name: 'settle' | 'release', call: (epoch: string) => ScriptCall): Promise<boolean> {
    const [ended] = await this.inEpoch(name, call);
    if (ended !== 1) await this.inEpoch('read', (epoch) => ({ keys: [this.keys.open], args: [epoch] }));
    return ended === 1;
  }

  /** A call that was told of a failure is never made: what it may hold is given back when Redis can be asked again. */
  private async dropDoubtful(): Promise<void> {
    const ids = [...this.inDoubt];
    for (const hold of await this.find(ids)) await this.release(hold);
    for (const id of ids) this.inDoubt.delete(id);
  }

  /** Where the calls in flight were registered anew before the answer came, what was held is not among them. */
  private async reserveInTurn(
    call: (epoch: string) => ScriptCall,
    late: (answer: unknown[]) => void,
  ): Promise<unknown[]> {
    for (let attempt = 0; attempt < MOST_EPOCHS; attempt++) {
      let turns = 0;
      const callInTurn = (epoch: string) => {
        turns = this.epoch.turns;
        return call(epoch);
      };
      const answer = await this.inEpoch('reserve', callInTurn, late);
      if (turns === this.epoch.turns || !(Number(answer[0]) > 0)) return answer;
    }
    throw emptiedOver();
  }

  private inLive(name: ScriptName, args: ScriptCall['args']): Promise<unknown[]> {
    return this.inEpoch(name, (epoch) => ({ keys: [this.keys.live(epoch)], args }));
  }

  /** Runs a script in the open epoch; where it says that this one has passed, in the next. */
  private async inEpoch(
    name: ScriptName,
    call: (epoch: string) => ScriptCall,
    late?: (answer: unknown[]) => void,
  ): Promise<unknown[]> {
    const patience = performance.now() + MOVE_PATIENCE_MS;
    for (let epochs = 0; epochs < MOST_EPOCHS;) {
      try {
        const epoch = this.epoch.known ?? (await this.epoch.current());
        const answer = await this.scripts.run(name, call(epoch), late);
        if (answer[0] !== EPOCH_PASSED) return answer;
        epochs++;
      } catch (error) {
        if (!(error instanceof ServerMoved) || performance.now() > patience) throw error;
        await delay(PAUSE_MS);
      }
      this.epoch.lost();
    }
    throw emptiedOver();
  }

  private openEpoch(): string | Promise<string> {
    return this.epoch.known ?? this.epoch.current();
  }

  private nowUs(): string {
    return this.nowMs ? String(this.nowMs() * 1000) : '';
  }
}

function emptiedOver(): CodedError {
  return new CodedError('store_unavailable', 'Redis is emptied over and over. Look at who does that.');
}
