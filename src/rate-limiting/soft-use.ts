import { type HeldCounter } from './domain/counters.js';
import { type LimitState } from './domain/limit.js';

const MOST_KEPT = 10_000;

/**
 * What this process knows to be used of soft limits: calls that run beside one another were all reserved before any of
 * them was settled, so that what one met at its reserve does not tell whether it goes past. Whether a call does must be
 * known before its ledger row is written, and so before the counters answer its settlement: what other processes
 * settle in the meantime is not seen. What is used of one version of a counter only grows.
 */
export class SoftUse {
  private readonly known = new Map<string, number>();

  /** At least so much is used, a call's own not included. */
  usedBefore(limit: LimitState, held: HeldCounter | undefined): number {
    return Math.max(limit.used, this.known.get(nameOf(limit, held)) ?? 0);
  }

  /** So much is used with what was settled last. */
  note(limit: LimitState, held: HeldCounter | undefined): void {
    if (limit.max === 0) return;
    if (this.known.size >= MOST_KEPT) this.known.clear();
    this.known.set(nameOf(limit, held), limit.used);
  }
}

function nameOf({ subject, window, unit }: LimitState, held: HeldCounter | undefined): string {
  return `${subject.kind}\0${subject.id}\0${window.name}\0${unit}\0${held?.version}`;
}
