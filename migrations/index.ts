import { type MigrationInterface } from 'typeorm';
import { Identity1700000000000 } from './1700000000000-identity.js';
import { Ledger1700000001000 } from './1700000001000-ledger.js';
import { RateLimits1700000002000 } from './1700000002000-rate-limits.js';
import { Media1700000003000 } from './1700000003000-media.js';
import { Instances1700000020000 } from './1700000020000-instances.js';
import { Idempotency1700000021000 } from './1700000021000-idempotency.js';
import { QuotaAdjustments1700000022000 } from './1700000022000-quota-adjustments.js';
import { Periods1700000023000 } from './1700000023000-periods.js';
import { ReportIndexes1700000024000 } from './1700000024000-report-indexes.js';
import { RollingIndexes1700000025000 } from './1700000025000-rolling-indexes.js';
import { UnsettledCalls1700000029000 } from './1700000029000-unsettled-calls.js';
import { VideoJobs1700000030000 } from './1700000030000-video-jobs.js';
import { MediaFiles1700000031000 } from './1700000031000-media-files.js';
import { MediaUploads1700000031500 } from './1700000031500-media-uploads.js';
import { Workspaces1700000032000 } from './1700000032000-workspaces.js';
import { Messages1700000033000 } from './1700000033000-messages.js';
import { SystemBudgets1700000034000 } from './1700000034000-system-budgets.js';
import { RealtimeSessions1700000035000 } from './1700000035000-realtime-sessions.js';
import { AssetsOfCalls1700000063000 } from './1700000063000-assets-of-calls.js';
import { MessageRetention1700000062000 } from './1700000062000-message-retention.js';
import { RecountedPeriods1700000064000 } from './1700000064000-recounted-periods.js';
import { RetiredQueues1700000061000 } from './1700000061000-retired-queues.js';
import { UsageResources1700000060000 } from './1700000060000-usage-resources.js';

/** Every change of the database's schema, oldest first. A new one is appended here. */
export const MIGRATIONS: (new () => MigrationInterface)[] = [
  Identity1700000000000,
  Ledger1700000001000,
  RateLimits1700000002000,
  Media1700000003000,
  Instances1700000020000,
  Idempotency1700000021000,
  QuotaAdjustments1700000022000,
  Periods1700000023000,
  ReportIndexes1700000024000,
  RollingIndexes1700000025000,
  UnsettledCalls1700000029000,
  VideoJobs1700000030000,
  MediaFiles1700000031000,
  MediaUploads1700000031500,
  Workspaces1700000032000,
  Messages1700000033000,
  SystemBudgets1700000034000,
  RealtimeSessions1700000035000,
  UsageResources1700000060000,
  RetiredQueues1700000061000,
  MessageRetention1700000062000,
  AssetsOfCalls1700000063000,
  RecountedPeriods1700000064000,
];
