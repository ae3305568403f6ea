/** Until a job that was created is first asked about. */
export const FIRST_POLL_MS = 1_000;
const LONGEST_MS = 15_000;
const GROWTH = 1.5;

/** How long to wait after so many tries. */
export function backOffMs(attempts: number): number {
  return Math.min(LONGEST_MS, Math.round(FIRST_POLL_MS * GROWTH ** Math.min(attempts, 20)));
}
