/** A token bucket, as a pure function of its last state. What is in it is called permits. */
export interface Bucket {
  readonly permits: number;
  readonly atMs: number;
}

export interface BucketRule {
  /** Capacity. */
  readonly burst: number;
  readonly refillPerSec: number;
}

/** The bucket as it stands at `nowMs`; one that was never used is full. A clock that went back refills nothing. */
export function refill(bucket: Bucket | undefined, rule: BucketRule, nowMs: number): Bucket {
  if (!bucket) return { permits: rule.burst, atMs: nowMs };
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return {
    permits: Math.min(rule.burst, bucket.permits + (elapsedMs * rule.refillPerSec) / 1000),
    atMs: Math.max(nowMs, bucket.atMs),
  };
}

/** How long until `permits` are there, in whole milliseconds; `Infinity` where the bucket can never hold them. */
export function msUntil(bucket: Bucket, permits: number, rule: BucketRule): number {
  if (bucket.permits >= permits) return 0;
  if (permits > rule.burst || rule.refillPerSec <= 0) return Number.POSITIVE_INFINITY;
  return Math.ceil(((permits - bucket.permits) * 1000) / rule.refillPerSec);
}
