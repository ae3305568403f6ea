/**
 * A token bucket as one number: the instant, in microseconds, at which it will be full again. An absent or past
 * instant is a full bucket. What is in it is called permits.
 */
export interface BucketRule {
  /** Capacity in permits. */
  readonly burst: number;
  readonly refillPerSec: number;
}

/** What is left of a bucket, and when there is more. */
export interface BucketAnswer {
  readonly taken: boolean;
  /** Whole permits left. */
  readonly remaining: number;
  /** Until the permits asked for are there; 0 where they were taken, `Infinity` where the bucket can never hold them. */
  readonly retryAfterMs: number;
  /** Until the bucket is full again. */
  readonly fullAfterMs: number;
}

interface BucketInstant {
  readonly fullAtUs: number;
  readonly nowUs: number;
}

/** Takes `permits` at `nowUs`, or none; less than none are put back. `take-permits.lua` computes the same, step by step. */
export function takeFrom(
  { fullAtUs, nowUs }: { readonly fullAtUs: number | undefined; readonly nowUs: number },
  permits: number,
  rule: BucketRule,
): { taken: boolean; fullAtUs: number } {
  const intervalUs = 1_000_000 / rule.refillPerSec;
  const capacityUs = rule.burst * intervalUs;
  // A bucket that shrank (a plan changed) is at worst empty.
  const current = Math.min(Math.max(fullAtUs ?? nowUs, nowUs), nowUs + Math.ceil(capacityUs));
  // Rounded down, so that rounding never denies a permit that is there.
  // A bucket that is given permits back is full at most.
  const wanted = Math.max(nowUs, Math.floor(current + permits * intervalUs));
  return wanted - nowUs > capacityUs
    ? { taken: false, fullAtUs: current }
    : { taken: true, fullAtUs: wanted };
}

/** What a bucket's instant means to the one who asked for permits. */
export function describeTake(
  taken: boolean,
  permits: number,
  { fullAtUs, nowUs }: BucketInstant,
  rule: BucketRule,
): BucketAnswer {
  const intervalUs = 1_000_000 / rule.refillPerSec;
  const emptyUs = fullAtUs - nowUs;
  // The instant is a whole microsecond: without the hair, a bucket of three would show two.
  const remaining = Math.max(0, Math.floor(rule.burst - emptyUs / intervalUs + 1e-6));
  return { taken, remaining, retryAfterMs: retryAfterMs(), fullAfterMs: Math.ceil(emptyUs / 1000) };

  function retryAfterMs(): number {
    if (taken) return 0;
    if (permits > rule.burst) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.ceil((emptyUs - (rule.burst - permits) * intervalUs) / 1000));
  }
}
