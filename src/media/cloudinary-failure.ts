import { isRecord } from '../json-object.js';

import { CloudFailure } from './media-cloud.port.js';

const MAX_MESSAGE = 200;
/** What its client says for a request that it gave up itself. */
const CLIENT_TIMEOUT = 499;

/**
 * Whatever Cloudinary's client threw, as a CloudFailure. Its own errors carry the request with the account's secret, and
 * quote what was signed: nothing of them goes on but the status and, of a refusal, the reason without `secrets`.
 */
export function toCloudFailure(error: unknown, secrets: readonly string[]): CloudFailure {
  if (error instanceof CloudFailure) return error;
  const told = isRecord(error) && isRecord(error.error) ? error.error : error;
  if (!isRecord(told)) return new CloudFailure('away', 'broke off');
  const status = told.http_code;
  if (typeof status !== 'number') return new CloudFailure('away', `the connection failed${codeOf(told)}`);
  if (status === CLIENT_TIMEOUT) return new CloudFailure('away', 'did not answer in time');
  if (status === 200) return new CloudFailure('away', 'answered with something else than JSON');
  if (!isRefusal(status)) return new CloudFailure('away', `answered ${status}`);
  return new CloudFailure('refused', `answered ${status}${reasonOf(told, secrets)}`);
}

/** A judgement on what was asked. 420 and 429 are on how often. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 420, 429].includes(status);
}

function codeOf({ code }: Readonly<Record<string, unknown>>): string {
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) ? ` (${code})` : '';
}

function reasonOf({ message }: Readonly<Record<string, unknown>>, secrets: readonly string[]): string {
  // Of a signature that does not fit, all that was signed follows.
  const [reason = ''] = typeof message === 'string' ? message.split('String to sign') : [];
  const known = secrets.filter((secret) => secret !== '');
  const clean = known.reduce((text, secret) => text.replaceAll(secret, '[secret]'), reason);
  return clean === '' ? '' : `: ${clean.slice(0, MAX_MESSAGE)}`;
}
