import { CodedError } from '../../../errors.js';
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

import { counterPlace, type CounterShard, placeOf } from './counter-shard.js';
import { type HoldPart, partsOf } from './hold-parts.js';
import { OverdueParts } from './overdue-parts.js';
import {
  type Group,
  heldBy,
  type SplitOutcome,
  SplitReserve,
  statesWith,
  type Taken,
} from './split-reserve.js';

/** Shards are lost in the midst of reserves when a cluster fails over, which it does not do again at once. */
const MOST_TURNS = 5;
/** A reserve that takes longer than half of its life, and than this, might find its first part swept. */
const LONGEST_RESERVE_MS = 500;

/**
 * Counters over several shards, each of which is atomic in itself: a subject's are in one. A call whose subjects lie in
 * several is held in one after the other, and in all of them or, in the end, in none.
 */
export class ShardedCounterStore extends CounterStore {
  /** Parts that could not be given back, as their shard did not answer. */
  private owed: HoldPart[] = [];

  /** @param buckets one a shard: a token bucket needs nothing of what its counters stand in. */
  constructor(
    private readonly shards: readonly CounterShard[],
    private readonly buckets: readonly Pick<CounterStore, 'takePermits'>[] = shards,
  ) {
    super();
  }

  override get turns(): number {
    return this.shards.reduce((sum, { turns }) => sum + turns, 0);
  }

  async reserve(command: ReserveCommand): Promise<ReserveAnswer> {
    const groups = this.groupsOf(command);
    const [only, ...others] = groups;
    if (only && others.length === 0) return only.shard.reserve(command);
    const begun = performance.now();
    for (let attempt = 0; attempt < MOST_TURNS; attempt++) {
      const answer = await this.reserveIn(groups, command);
      if (answer?.kind !== 'reserved') {
        if (answer) return answer;
        continue;
      }
      if (performance.now() - begun < Math.max(command.ttlMs / 2, LONGEST_RESERVE_MS)) return answer;
      await this.release(answer.hold);
      break;
    }
    throw unsettled();
  }

  async settle(hold: Hold, used: readonly UnitAmounts[]): Promise<boolean> {
    const ended = await this.inParts(hold, (shard, part) =>
      shard.settle(
        part.hold,
        part.indexes.map((index) => used[index] ?? {}),
      ),
    );
    return ended.includes(true);
  }

  async release(hold: Hold): Promise<boolean> {
    const ended = await this.inParts(hold, (shard, part) => shard.release(part.hold));
    return ended.includes(true);
  }

  load(cold: ColdCounter, used: UnitAmounts): Promise<boolean> {
    return this.shard(this.placeOf(cold.counter)).load(cold, used);
  }

  async invalidate(counters: readonly CounterRef[]): Promise<void> {
    await settled(
      this.byPlace(counters).map(({ place, refs }) =>
        this.shard(place).invalidate(refs.map(({ ref }) => ref)),
      ),
    );
  }

  /** One after the other: each looks at all keys of its server. */
  async invalidateAll(): Promise<void> {
    for (const shard of this.shards) await shard.invalidateAll();
  }

  async read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    const answers: ReadAnswer[] = [];
    const reads = this.byPlace(counters).map(async ({ place, refs }) => {
      const found = await this.shard(place).read(refs.map(({ ref }) => ref));
      found.forEach((answer, at) => (answers[refs[at]?.index ?? 0] = answer));
    });
    await settled(reads);
    return answers;
  }

  /** Parts that can be pushed out are, also where others cannot. */
  async renew(hold: Hold, ttlMs: number): Promise<Hold | undefined> {
    const renewed = await this.inParts(hold, (shard, part) => shard.renew(part.hold, ttlMs));
    const deadlines = renewed.flatMap((part) => (part ? [part.deadlineMs] : []));
    return deadlines.length === 0 ? undefined : { ...hold, deadlineMs: Math.min(...deadlines) };
  }

  async restore(hold: Hold, ttlMs: number): Promise<void> {
    await this.inParts(hold, (shard, part) => shard.restore(part.hold, ttlMs));
  }

  async overdue(limit: number): Promise<Hold[]> {
    await this.giveBackOwed();
    return new OverdueParts(this.shards).find(limit);
  }

  takePermits(command: TakePermits): Promise<PermitsAnswer> {
    const buckets = this.buckets[placeOf(command.bucket, this.buckets.length)];
    if (!buckets) throw new Error('There is no shard for token buckets.');
    return buckets.takePermits(command);
  }

  /** @returns nothing where a shard lost what it held while the others were asked: then all of it is to be done again. */
  private async reserveIn(
    groups: readonly Group[],
    command: ReserveCommand,
  ): Promise<ReserveAnswer | undefined> {
    const reserve = new SplitReserve(command, groups);
    let outcome: SplitOutcome;
    try {
      outcome = await reserve.run();
    } catch (error) {
      await this.giveBack(reserve.held());
      throw error;
    }
    if (outcome.kind === 'held' && outcome.taken.every(({ group, turns }) => group.shard.turns === turns)) {
      return reserved(command, outcome);
    }
    const given = await this.giveBack(reserve.held());
    if (outcome.kind === 'refused' && outcome.answer.kind === 'denied') return outcome.answer;
    // It will be asked again under the same id, which must not be held twice.
    if (!given) throw unsettled();
    return outcome.kind === 'refused' ? outcome.answer : undefined;
  }

  /** @returns whether all was; the rest is when its shard answers again, or when its deadline has passed. */
  private async giveBack(taken: readonly Taken[]): Promise<boolean> {
    const releases = taken.map(async ({ group: { place, shard, indexes }, hold }) => {
      try {
        await shard.release(hold);
        return true;
      } catch {
        this.owed.push({ place, hold, indexes });
        return false;
      }
    });
    return !(await Promise.all(releases)).includes(false);
  }

  private async giveBackOwed(): Promise<void> {
    const owed = this.owed;
    this.owed = [];
    const releases = owed.map((part) =>
      this.shard(part.place)
        .release(part.hold)
        .catch(() => this.owed.push(part)),
    );
    await Promise.all(releases);
  }

  private inParts<T>(hold: Hold, act: (shard: CounterShard, part: HoldPart) => Promise<T>): Promise<T[]> {
    const parts = partsOf(hold, ({ counter }) => this.placeOf(counter));
    return settled(parts.map((part) => act(this.shard(part.place), part)));
  }

  private groupsOf(command: ReserveCommand): Group[] {
    const places = this.byPlace(command.counters.map(({ counter }) => counter));
    return places.map(({ place, refs }) => ({
      place,
      shard: this.shard(place),
      indexes: refs.map(({ index }) => index),
      counters: refs.flatMap(({ index }) => command.counters[index] ?? []),
    }));
  }

  /** In the order of the places. */
  private byPlace(counters: readonly CounterRef[]) {
    const places = new Map<number, { ref: CounterRef; index: number }[]>();
    counters.forEach((ref, index) => {
      const place = this.placeOf(ref);
      places.set(place, [...(places.get(place) ?? []), { ref, index }]);
    });
    return [...places].sort(([a], [b]) => a - b).map(([place, refs]) => ({ place, refs }));
  }

  private placeOf(counter: CounterRef): number {
    return counterPlace(counter, this.shards.length);
  }

  private shard(place: number): CounterShard {
    const shard = this.shards[place];
    if (!shard) throw new Error(`There is no shard ${place}.`);
    return shard;
  }
}

function reserved(
  command: ReserveCommand,
  { taken, granted }: SplitOutcome & { kind: 'held' },
): ReserveAnswer {
  const places = taken.map(({ group }) => group.place);
  const deadlineMs = Math.min(...taken.map(({ hold }) => hold.deadlineMs));
  const counters = heldBy(taken);
  return {
    kind: 'reserved',
    granted,
    hold: { id: command.id, deadlineMs, counters, parts: { places, missing: false } },
    states: statesWith(taken, granted),
  };
}

/** All that came of it; the first failure only when all have come to an end. */
async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

function unsettled(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The counters moved from one server to another while the call was checked. Try again in a second.',
    { retryAfterMs: 1_000 },
  );
}
