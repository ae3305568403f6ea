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

import { readReserveAnswer } from './answers.js';
import { type Epoch, STANDING_EPOCH } from './epoch.js';
import { holdKeys, holdsIn, memberOf, releaseCall, unitsOf } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { PackedCounter } from './packed-counter.js';
import { RedisScripts, type ScriptName, type ScriptRunner } from './redis-scripts.js';
import { reserveCall } from './reserve-call.js';
import { packed, type ScriptCall } from './script-request.js';
import { UNIT_ORDER } from './unit-order.js';

const EPOCH_PASSED = -2;
/** Redis would have to be emptied as often within one call. */
const MOST_EPOCHS = 5;

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
    redis: ScriptRunner,
    private readonly epoch: Epoch = STANDING_EPOCH,
    private readonly nowMs?: () => number,
  ) {
    super();
    this.scripts = new RedisScripts(redis);
    this.keys = epoch.keys;
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
      return readReserveAnswer(command, await this.inEpoch('reserve', call, giveBack));
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
    const epoch = await this.openEpoch();
    const args = [memberOf(hold), packed(...spent)];
    const [ended] = await this.scripts.run('settle', { keys: holdKeys(this.keys, epoch, hold), args });
    return ended === 1;
  }

  async release(hold: Hold): Promise<boolean> {
    const epoch = await this.openEpoch();
    const [ended] = await this.scripts.run('release', releaseCall(this.keys, epoch, hold));
    return ended === 1;
  }

  async load({ counter, token }: ColdCounter, used: UnitAmounts): Promise<boolean> {
    const epoch = await this.openEpoch();
    const keys = [this.keys.open, this.keys.counter(epoch, counter)];
    const args = [epoch, token, counter.expiresAtMs, packed(UNIT_ORDER.map((unit) => used[unit] ?? 0))];
    // In an epoch that has passed there is nothing to be filled: whoever asks again finds the counter cold.
    const [loaded] = await this.scripts.run('load', { keys, args });
    return loaded === 1;
  }

  async invalidate(counters: readonly CounterRef[]): Promise<void> {
    if (counters.length === 0) return;
    const epoch = await this.openEpoch();
    const keys = counters.map((counter) => this.keys.counter(epoch, counter));
    await this.scripts.run('invalidate', { keys, args: [] });
  }

  async invalidateAll(): Promise<void> {
    const epoch = await this.openEpoch();
    let cursor = '0';
    do {
      const args = [cursor, KEYS_A_STEP, this.keys.counterPrefix(epoch)];
      const [next] = await this.scripts.run('invalidate-all', { keys: [this.keys.live(epoch)], args });
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
    const epoch = await this.openEpoch();
    const args = [this.nowUs(), memberOf(hold), ttlMs];
    const [deadlineMs] = await this.scripts.run('renew', { keys: [this.keys.live(epoch)], args });
    return deadlineMs === 0 ? undefined : { ...hold, deadlineMs: Number(deadlineMs) };
  }

  async overdue(limit: number): Promise<Hold[]> {
    const epoch = await this.openEpoch();
    await this.dropDoubtful(epoch);
    const call = { keys: [this.keys.live(epoch)], args: [this.nowUs(), limit] };
    return holdsIn(await this.scripts.run('overdue', call));
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

  /** A call that was told of a failure is never made: what it may hold is given back when Redis can be asked again. */
  private async dropDoubtful(epoch: string): Promise<void> {
    const ids = [...this.inDoubt];
    if (ids.length === 0) return;
    const call = { keys: [this.keys.live(epoch)], args: ids };
    for (const hold of holdsIn(await this.scripts.run('find-live', call))) await this.release(hold);
    for (const id of ids) this.inDoubt.delete(id);
  }

  /** Runs a script in the open epoch; where it says that this one has passed, in the next. */
  private async inEpoch(
    name: ScriptName,
    call: (epoch: string) => ScriptCall,
    late?: (answer: unknown[]) => void,
  ): Promise<unknown[]> {
    for (let attempt = 0; attempt < MOST_EPOCHS; attempt++) {
      const epoch = this.epoch.known ?? (await this.epoch.current());
      const answer = await this.scripts.run(name, call(epoch), late);
      if (answer[0] !== EPOCH_PASSED) return answer;
      this.epoch.lost();
    }
    throw new CodedError('store_unavailable', 'Redis is emptied over and over. Look at who does that.');
  }

  private openEpoch(): string | Promise<string> {
    return this.epoch.known ?? this.epoch.current();
  }

  private nowUs(): string {
    return this.nowMs ? String(this.nowMs() * 1000) : '';
  }
}
