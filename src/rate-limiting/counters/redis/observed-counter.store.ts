import { type LuaRunner } from '../../../database/index.js';
import { type Clock } from '../../domain/clock.js';
import {
  type ColdCounter,
  type CounterRef,
  type ReadAnswer,
  type UnitAmounts,
} from '../../domain/counters.js';
import { MemoryCounterStore } from '../memory/memory-counter.store.js';

import { type ObservedEpoch } from './observed-epoch.js';
import { RedisCounterStore } from './redis-counter.store.js';

/**
 * The servers' counters in Redis, for a process that looks at them and has them read anew, but holds no calls. Where no
 * server counts in it, or it cannot be reached, what the ledger says is shown.
 */
export class ObservedCounterStore extends RedisCounterStore {
  private readonly outOfLedger: MemoryCounterStore;

  constructor(
    redis: LuaRunner,
    private readonly observed: ObservedEpoch,
    clock: Clock,
  ) {
    super(redis, observed);
    this.outOfLedger = new MemoryCounterStore(clock);
  }

  override async read(counters: readonly CounterRef[]): Promise<ReadAnswer[]> {
    return (await this.isCounted()) ? super.read(counters) : this.outOfLedger.read(counters);
  }

  override async load(cold: ColdCounter, used: UnitAmounts): Promise<boolean> {
    return (await this.isCounted()) ? super.load(cold, used) : this.outOfLedger.load(cold, used);
  }

  // Where no epoch is open there is nothing to forget: what is counted next is loaded from the ledger.
  override async invalidate(counters: readonly CounterRef[]): Promise<void> {
    if ((await this.observed.open()) !== undefined) await super.invalidate(counters);
  }

  override async invalidateAll(): Promise<void> {
    if ((await this.observed.open()) !== undefined) await super.invalidateAll();
  }

  private async isCounted(): Promise<boolean> {
    const open = await this.observed.open().catch(() => undefined);
    return open !== undefined;
  }
}
