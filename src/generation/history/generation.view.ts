import { type AssetDetails } from '../../media/index.js';
import { timeOf, type UsageEntry } from '../../rate-limiting/index.js';
import { usageView } from '../usage-view.js';
import { type VideoJob } from '../videos/video-job.store.js';
import { type GenerationStatus, STATUS_OF } from '../videos/video-stage.js';

import { type GenerationAssetDto, type GenerationDto, type GenerationErrorDto } from './generation.dto.js';

export const STATUS_OF_ROW = {
  settled: 'completed',
  expired: 'failed',
  failed_after_output: 'failed',
} as const satisfies Record<UsageEntry['status'], GenerationStatus>;

/** A job that makes a video. */
export function jobView(job: VideoJob, assets: readonly AssetDetails[]): GenerationDto {
  const { id, stage, provider, model, error, createdAt, completedAt } = job;
  const [width = null, height = null] = job.size.split('x').map(Number);
  const own = assets.filter((asset) => asset.assetId === job.assetId);
  const done = stage === 'completed';
  return {
    ...{ id, operation: 'video_generation', status: STATUS_OF[stage], provider, model },
    assets: done ? own.map((asset) => ({ ...assetView(asset), ...sidesOf(asset, { width, height }) })) : [],
    usage: done && job.usage ? usageView(job.usage) : null,
    ...{ error, createdAt, completedAt },
  };
}

/** A call that has ended, as its row in the ledger tells of it. */
export function rowView(row: UsageEntry, assets: readonly AssetDetails[]): GenerationDto {
  const { id, operation, provider, model, latencyMs, status } = row;
  const createdAtMs = timeOf(id);
  return {
    ...{ id, operation, status: STATUS_OF_ROW[status], provider, model },
    assets: assets.filter(({ usageId }) => usageId === id).map(assetView),
    usage: usageView(row),
    error: errorOf(row),
    createdAt: new Date(createdAtMs),
    completedAt: new Date(createdAtMs + latencyMs),
  };
}

function assetView(asset: AssetDetails): GenerationAssetDto {
  const { assetId, url, format, bytes, width, height, durationSeconds } = asset;
  return { assetId, url, format, bytes, width, height, durationSeconds };
}

/** Where the file itself does not say, those that were asked for. */
function sidesOf(
  { width, height }: AssetDetails,
  asked: { readonly width: number | null; readonly height: number | null },
) {
  return { width: width ?? asked.width, height: height ?? asked.height };
}

function errorOf({ status }: UsageEntry): GenerationErrorDto | null {
  return status === 'settled' ? null : ERRORS[status];
}

const ERRORS = {
  expired: {
    code: 'internal_error',
    message: 'The process that made it ended before it was settled; it is charged at its estimate.',
  },
  failed_after_output: {
    code: 'provider_failed',
    message: 'It broke off after a part was delivered; that part is charged.',
  },
} as const satisfies Record<Exclude<UsageEntry['status'], 'settled'>, GenerationErrorDto>;
