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

import { lettersOf, readCounter, readReserveAnswer } from './answers.js';
import { type Epoch, STANDING_EPOCH } from './epoch.js';
import { holdsIn, memberOf, releaseCall } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { reserveArguments } from './reserve-arguments.js';
import { RedisScripts, type ScriptName, type ScriptRunner } from './redis-scripts.js';
import { ALL_LETTERS, UNIT_LETTER } from './unit-letters.js';

type Args = (string | number)[];

/** A script's keys and arguments, which depend on the epoch. */
interface ScriptCall {
  readonly keys: string[];
  readonly args: Args;
}

const EPOCH_PASSED = -2;
/** Redis would have to be emptied as often within one call. */
const MOST_EPOCHS = 5;

/** So few that a step of a walk over all keys holds nobody up. */
const KEYS_A_STEP = 500;

/** Counters in Redis: one script a verb, one hash a subject and period, one round trip a call. */
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
    const call = reserveArguments(this.keys, command, this.nowUs());
    // A reserve that was given up and ran after all holds what nobody will use.
    const giveBack = (answer: unknown[]) => {
      const late = answer[0] === 1 ? readReserveAnswer(command, answer) : undefined;
      if (late?.kind === 'reserved') void this.release(late.hold).catch(() => undefined);
      else this.inDoubt.delete(command.id);
    };
    return readReserveAnswer(
      command,
      await this.doubting(command.id, this.inEpoch('reserve', call, giveBack)),
    );
  }

  async settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean> {
    const args: Args = [];
    hold.counters.forEach(({ version, amounts }, index) => {
      args.push(version, amounts.length);
      for (const { unit, amount } of amounts) args.push(UNIT_LETTER[unit], amount, used[index]?.[unit] ?? 0);
    });
    const epoch = await this.openEpoch();
    const keys = [
      this.keys.live(epoch),
      ...hold.counters.map(({ counter }) => this.keys.counter(epoch, counter)),
    ];
    const [ended] = await this.scripts.run('settle', keys, [memberOf(this.keys, epoch, hold), ...args]);
    return ended === 1;
  }

  async release(hold: Hold): Promise<boolean> {
    const { keys, args } = releaseCall(this.keys, await this.openEpoch(), hold);
    const [ended] = await this.scripts.run('release', keys, args);
    return ended === 1;
  }

  async load({ counter, token }: ColdCounter, used: UnitAmounts): Promise<boolean> {
    const args: Args = [token, counter.expiresAtMs, ALL_LETTERS, ...lettersOf(used).flat()];
    const epoch = await this.openEpoch();
    const keys = [this.keys.epoch, this.keys.counter(epoch, counter)];
    // In an epoch that has passed there is nothing to be filled: whoever asks again finds the counter cold.
    const [loaded] = await this.scripts.run('load', keys, [epoch, ...args]);
    return loaded === 1;
  }

  async invalidate(counters: readonly CounterRef[]): Promise<void> {
    if (counters.length === 0) return;
    const epoch = await this.openEpoch();
    const keys = counters.map((counter) => this.keys.counter(epoch, counter));
    await this.scripts.run('invalidate', keys, []);
  }

  async invalidateAll(): Promise<void> {
    const epoch = await this.openEpoch();
    let cursor = '0';
    do {
      const args = [cursor, KEYS_A_STEP, ...this.keys.counterPrefixes(epoch)];
      const [next] = await this.scripts.run('invalidate-all', [this.keys.live(epoch)], args);
      cursor = String(next);
    } while (cursor !== '0');
  }

  async read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    if (counters.length === 0) return [];
    const expiries = counters.map((counter) => counter.expiresAtMs);
    const answers = await this.inEpoch('read', (epoch) => ({
      keys: [this.keys.epoch, ...counters.map((counter) => this.keys.counter(epoch, counter))],
      args: [epoch, ...expiries],
    }));
    return counters.map((counter, index) => readCounter(counter, answers[index]));
  }

  async renew(hold: Hold, ttlMs: number): Promise<Hold | undefined> {
    const epoch = await this.openEpoch();
    const args = [this.nowUs(), memberOf(this.keys, epoch, hold), ttlMs];
    const [deadlineMs] = await this.scripts.run('renew', [this.keys.live(epoch)], args);
    return deadlineMs === 0 ? undefined : { ...hold, deadlineMs: Number(deadlineMs) };
  }

  async overdue(limit: number): Promise<Hold[]> {
    const epoch = await this.openEpoch();
    await this.dropDoubtful(epoch);
    return holdsIn(
      this.keys,
      await this.scripts.run('overdue', [this.keys.live(epoch)], [this.nowUs(), limit]),
    );
  }

  async takePermits(command: TakePermits): Promise<PermitsAnswer> {
    const { bucket, permits, burst, refillPerSec } = command;
    const args = [this.nowUs(), permits, burst, refillPerSec];
    const [taken, fullAtUs, nowUs] = await this.scripts.run('take-permits', [this.keys.bucket(bucket)], args);
    return describeTake(taken === 1, permits, { fullAtUs: Number(fullAtUs), nowUs: Number(nowUs) }, command);
  }

  /** A call that was told of a failure is never made: what it may hold is given back when Redis can be asked again. */
  private async dropDoubtful(epoch: string): Promise<void> {
    const ids = [...this.inDoubt];
    if (ids.length === 0) return;
    for (const hold of holdsIn(this.keys, await this.scripts.run('find-live', [this.keys.live(epoch)], ids)))
      await this.release(hold);
    for (const id of ids) this.inDoubt.delete(id);
  }

  private async doubting<Answer>(id: string, answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      this.inDoubt.add(id);
      throw error;
    }
  }

  /** Runs a script in the open epoch; where it says that this one has passed, in the next. */
  private async inEpoch(
    name: ScriptName,
    call: (epoch: string) => ScriptCall,
    late?: (answer: unknown[]) => void,
  ): Promise<unknown[]> {
    for (let attempt = 0; attempt < MOST_EPOCHS; attempt++) {
      const { keys, args } = call(await this.openEpoch());
      const answer = await this.scripts.run(name, keys, args, late);
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
