import { gauge, histogram, plainCounter, SHORT_SECONDS } from '../../telemetry/index.js';

/** Rows that are not committed yet. */
export const WAITING = gauge({
  name: 'ledger_rows_waiting',
  help: 'Rows of the ledger that this process has not committed yet; at 40000 new calls are denied.',
});
export const COMMIT_SECONDS = histogram(
  { name: 'ledger_commit_duration_seconds', help: 'How long one commit of rows to the ledger took.' },
  SHORT_SECONDS,
);
export const COMMITTED = plainCounter({
  name: 'ledger_rows_total',
  help: 'Rows that this process committed to the ledger.',
});
export const COMMIT_FAILURES = plainCounter({
  name: 'ledger_commit_failures_total',
  help: 'Commits to the ledger that failed; their rows are kept and tried again.',
});
