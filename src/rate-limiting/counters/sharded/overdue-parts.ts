import { type Hold } from '../../domain/counters.js';
import { type ReservationId } from '../../domain/ids.js';

import { type CounterShard } from './counter-shard.js';
import { readPartId, wholeOf } from './hold-parts.js';

/** The parts of one hold that are past their deadline, by place. */
interface Overdue {
  readonly partId: ReservationId;
  readonly places: readonly number[];
  readonly parts: Map<number, Hold>;
  /** A part of it has time left, or its shard does not say: it is not to be ended now. */
  spared: boolean;
}

/** Puts the overdue parts of holds together: what ends a hold is to know all of it. */
export class OverdueParts {
  private readonly found = new Map<ReservationId, Overdue>();

  constructor(private readonly shards: readonly CounterShard[]) {}

  /**
   * Whole holds past their deadline, the longest overdue first; of one that was cut off, what there is of it. Shards
   * that do not answer are left out. @throws what the first throws where none does.
   */
  async find(limit: number): Promise<Hold[]> {
    const silent = await this.ask(limit);
    await Promise.all(this.shards.map((shard, place) => this.lookForMissing(shard, place, silent)));
    const whole = [...this.found.values()].filter(({ spared }) => !spared).map(({ parts }) => inOrder(parts));
    whole.sort((a, b) => a.deadlineMs - b.deadlineMs || (a.id < b.id ? -1 : 1));
    return whole.slice(0, limit);
  }

  private async ask(limit: number): Promise<Set<number>> {
    const answers = await Promise.allSettled(this.shards.map((shard) => shard.overdue(limit)));
    const silent = new Set<number>();
    let failure: unknown;
    for (const [place, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') this.add(place, answer.value);
      else silent.add(place);
      if (answer.status === 'rejected') failure ??= answer.reason;
    }
    if (silent.size === this.shards.length) throw failure;
    return silent;
  }

  private add(place: number, holds: readonly Hold[]): void {
    for (const hold of holds) {
      const { id, places } = readPartId(hold.id);
      const overdue = this.found.get(id) ?? { partId: hold.id, places, parts: new Map(), spared: false };
      overdue.parts.set(place, hold);
      this.found.set(id, overdue);
    }
  }

  private async lookForMissing(
    shard: CounterShard,
    place: number,
    silent: ReadonlySet<number>,
  ): Promise<void> {
    const lacking = [...this.found.values()].filter(
      ({ places, parts }) => places.includes(place) && !parts.has(place),
    );
    if (lacking.length === 0) return;
    const ids = lacking.map(({ partId }) => partId);
    const holds = silent.has(place) ? undefined : await shard.find(ids).catch(() => undefined);
    const alive = new Set(holds?.map(({ id }) => id));
    for (const overdue of lacking) if (!holds || alive.has(overdue.partId)) overdue.spared = true;
  }
}

function inOrder(parts: ReadonlyMap<number, Hold>): Hold {
  return wholeOf([...parts].sort(([a], [b]) => a - b).map(([, hold]) => hold));
}
