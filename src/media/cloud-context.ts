import { isRecord } from '../json-object.js';

import { type AssetEntity } from './asset.entity.js';

/** Cloudinary takes 1024 characters a value. */
const MAX_TEXT = 1000;

type Described = Pick<AssetEntity, 'prompt' | 'provider' | 'model' | 'usageId' | 'metadata' | 'createdAt'>;

/** What a store outside is told of an output, so that it can be understood there: names and short texts. */
export function contextOf(asset: Described): Record<string, string> {
  const { prompt, provider, model, usageId, metadata, createdAt } = asset;
  const requestId = isRecord(metadata) ? metadata.requestId : undefined;
  return {
    ...{ prompt: oneLine(prompt), provider, model, created_at: createdAt.toISOString() },
    ...(usageId !== null && { usage_id: usageId }),
    ...(typeof requestId === 'string' && { request_id: requestId }),
    source: 'cuota',
  };
}

function oneLine(text: string): string {
  return [...text.replace(/[\s\p{Cc}]+/gu, ' ').trim()].slice(0, MAX_TEXT).join('');
}
