import { ANSWER_SECONDS, counter, gauge, histogram } from '../../telemetry/index.js';

/** Over all instances: they share one table. */
export const UNDER_WAY = gauge({
  name: 'messages_under_way',
  help: 'Messages that wait (queued) or are worked at (processing), over all instances.',
  labels: ['status'],
});
export const OLDEST = gauge({
  name: 'message_oldest_seconds',
  help: 'How long ago the oldest message that is under way was published, over all instances; 0 where none is.',
});
export const DUE = gauge({
  name: 'message_due_seconds',
  help: 'How long the message that is due longest has waited for a worker, over all instances; 0 where none waits.',
});
export const RUNS = counter({
  name: 'message_runs_total',
  help: 'Runs of messages by what came of them: completed, retried, waited, failed, lost.',
  labels: ['outcome'],
});
/** A batch may wait for hours. */
export const DURATION = histogram(
  {
    name: 'message_duration_seconds',
    help: 'From the publication of a message to its end.',
    labels: ['status'],
  },
  [...ANSWER_SECONDS, 600, 3_600, 14_400],
);
