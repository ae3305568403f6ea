import { gauge, histogram } from '../telemetry/index.js';

import { type Ending } from './wire/close-codes.js';

/** Bounds in seconds for what lasts as long as a conversation. */
const CONVERSATION_SECONDS = [1, 5, 15, 60, 300, 600, 1200, 1800, 3600] as const;

const OPEN = gauge({ name: 'active_sessions_total', help: 'Realtime sessions that are open.' });
const LASTED = histogram(
  {
    name: 'session_duration_seconds',
    help: 'How long realtime sessions lasted, by how they came to their end.',
    labels: ['status'],
  },
  CONVERSATION_SECONDS,
);

/** A session has begun. */
export function countOpened(): void {
  OPEN.add({}, 1);
}

/** A session is over. */
export function countEnded(status: Ending, lastedMs: number): void {
  OPEN.add({}, -1);
  LASTED.observe({ status }, lastedMs / 1000);
}
