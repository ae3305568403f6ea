import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Logger } from '@nestjs/common';

import { SystemBudgets } from './budgets/system-budgets.js';
import { type Subject } from './domain/caller.js';
import { counterRef } from './claims.js';
import { Clock } from './domain/clock.js';
import { CounterStore, type CounterState, type UnitAmounts } from './domain/counters.js';
import { type Counter } from './domain/limit.js';
import { UNITS } from './domain/operation.js';
import { Ledger } from './ledger/ledger.port.js';
import { DRIFTS } from './rate-limiting.metrics.js';

/** More subjects than this are compared in the next round. */
const MOST_ACTIVE = 10_000;
/** A call that is between its two writes is no drift: what differs is looked at again. */
const SECOND_LOOK_MS = 500;
/** What is rebuilt is looked at when the calls that were in flight through it have mostly ended. */
const AFTER_REBUILD_MS = 60_000;

/**
 * Compares the counters that were used lately with the ledger, and has those read anew that differ. Nothing should ever
 * differ: `drifts` is a figure to be watched, and it should read 0.
 */
@Injectable()
export class Reconciliation {
  private readonly logger = new Logger(Reconciliation.name);
  private active = new Map<string, Counter>();
  /** How many counters were mended since the start. */
  drifts = 0;
  private seenTurns: number;
  private rebuiltAtMs: number | undefined;

  constructor(
    private readonly store: CounterStore,
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    private readonly budgets: SystemBudgets,
  ) {
    this.seenTurns = store.turns;
  }

  /** These counters were used. */
  note(counters: readonly Counter[]): void {
    for (const counter of counters) {
      if (this.active.size >= MOST_ACTIVE) return;
      this.active.set(nameOf(counter.subject, counter.window.name), counter);
    }
  }

  /** Compares, once, a minute after the counters were begun anew; to be asked often. */
  async afterRebuild(): Promise<void> {
    const now = this.clock.now();
    if (this.store.turns !== this.seenTurns) {
      this.seenTurns = this.store.turns;
      this.rebuiltAtMs = now;
    }
    if (this.rebuiltAtMs === undefined || now - this.rebuiltAtMs < AFTER_REBUILD_MS) return;
    this.rebuiltAtMs = undefined;
    await this.reconcile();
  }

  /** Compares what was used since the last round. @returns how many counters had drifted. */
  async reconcile(): Promise<number> {
    const round = this.active;
    this.active = new Map();
    let mended = 0;
    // Nobody is held to a window that is over, and an admin's reset may still take days of it back.
    const open = [...round.values()].filter(({ window }) => window.resetsAtMs > this.clock.now());
    for (const counter of open) if (await this.hasDrifted(counter)) mended += await this.mend(counter);
    this.drifts += mended;
    DRIFTS.add({}, mended);
    return mended;
  }

  private async hasDrifted(counter: Counter): Promise<boolean> {
    const first = await this.difference(counter);
    if (first === undefined) return false;
    await delay(SECOND_LOOK_MS);
    const second = await this.difference(counter);
    return second !== undefined && second === first;
  }

  /** What a warm counter and the ledger differ in, or nothing. */
  private async difference(counter: Counter): Promise<string | undefined> {
    const ref = counterRef(counter);
    const [answer] = await this.store.read([ref]);
    if (answer?.kind !== 'warm') return undefined;
    if (await this.budgets.isOver(counter, this.clock.now())) return undefined;
    const used = await this.ledger.usedIn(counter.subject, counter.window);
    return differenceOf(answer.state, used);
  }

  private async mend(counter: Counter): Promise<number> {
    const { kind, id } = counter.subject;
    this.logger.error(
      { subject: `${kind}:${id}`, window: counter.window.name },
      'A counter had drifted from the ledger and is read anew.',
    );
    await this.store.invalidate([counterRef(counter)]);
    return 1;
  }
}

function differenceOf({ used }: CounterState, ledger: UnitAmounts): string | undefined {
  const units = UNITS.filter((unit) => (used[unit] ?? 0) !== (ledger[unit] ?? 0));
  if (units.length === 0) return undefined;
  return units.map((unit) => `${unit} ${used[unit] ?? 0}/${ledger[unit] ?? 0}`).join(', ');
}

function nameOf(subject: Subject, window: string): string {
  return JSON.stringify([subject.kind, subject.id, window]);
}
