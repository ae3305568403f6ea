import { type Row } from '../row.js';

import { endpointRow } from './endpoint.row.js';
import { gatewayRow } from './gateway.row.js';
import { knownUsersRow } from './known-users.row.js';
import { latencyRow } from './latency.row.js';
import { ledgerRow } from './ledger.row.js';
import { memoryRow } from './memory.row.js';
import { redisBytesRow } from './redis-bytes.row.js';
import { reportRow } from './report.row.js';
import { reserveRow } from './reserve.row.js';
import { streamsRow } from './streams.row.js';

/** In the order of the table; two may share a letter. */
export const ROWS: readonly Row[] = [
  reserveRow,
  endpointRow,
  gatewayRow,
  ledgerRow,
  redisBytesRow,
  memoryRow,
  latencyRow,
  reportRow,
  knownUsersRow,
  streamsRow,
];
