/** Bounds in seconds for what usually takes milliseconds: checks, commits. */
export const SHORT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;

/** Bounds in seconds for what may take as long as an answer does. */
export const ANSWER_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

/** What `elapsedSeconds` counts from. */
export function startOfTiming(): number {
  return performance.now();
}

/** Seconds since a `startOfTiming`. */
export function elapsedSeconds(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
