import { isRecord } from '../json-object.js';

import { CloudFailure, type CloudUsage, type Used } from './media-cloud.port.js';

/**
 * Reads the answer of Cloudinary's usage API. Older plans limit storage and bandwidth themselves, newer ones the credits
 * that both cost. @throws CloudFailure for something else.
 */
export function readCloudinaryUsage(answer: unknown): CloudUsage {
  if (!isRecord(answer) || !isRecord(answer.storage))
    throw new CloudFailure('away', 'answered without saying what is used');
  const { storage, bandwidth, credits } = answer;
  return {
    storage: usedOf(storage),
    bandwidth: usedOf(bandwidth),
    credits: isRecord(credits) ? usedOf(credits) : null,
  };
}

function usedOf(value: unknown): Used {
  const { usage, limit } = isRecord(value) ? value : {};
  return {
    used: typeof usage === 'number' ? usage : 0,
    limit: typeof limit === 'number' && limit > 0 ? limit : null,
  };
}
