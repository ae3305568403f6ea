import { counter, gauge } from '../telemetry/index.js';

/** Over all instances: they share one table. */
export const WAITING = gauge({
  name: 'notifications_waiting',
  help: 'Notifications that the webhook has not taken yet, over all instances.',
});
export const DELIVERIES = counter({
  name: 'notification_deliveries_total',
  help: 'Attempts to deliver a notification, by what came of them.',
  labels: ['outcome'],
});
