import { hash, randomBytes } from 'node:crypto';

const MADE_HERE = /^cuota_[\w-]{43}$/;

/** A new API key: 256 random bits. It is shown once and kept nowhere. */
export function newApiKey(): string {
  return `cuota_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a key, in hex. A plain SHA-256 is enough for random bits: there is nothing to guess. */
export function hexHashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}

/** The same as it stands in the database. */
export function hashOfKey(key: string): Buffer {
  return Buffer.from(hexHashOfKey(key), 'hex');
}

/** The beginning by which its owner tells a key from others: `cuota_AbCd1234…`. Of a key chosen by hand less is shown. */
export function prefixOf(key: string): string {
  return `${key.slice(0, MADE_HERE.test(key) ? 14 : 4)}…`;
}
