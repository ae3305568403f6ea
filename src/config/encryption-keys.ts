import { createHash } from 'node:crypto';

import { splitList } from './setting.js';

/** A key that encrypts what is stored. */
export interface EncryptionKey {
  /** Stands beside what was encrypted with it; of a key without a name its fingerprint. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const ENTRY = /^(?:([a-z0-9][\w.-]{0,31}):)?(\S+)$/i;

/** `new:<key>,<key>`: the first encrypts, all decrypt. `undefined` where one is none, or two have one name. */
export function readEncryptionKeys(text: string): readonly EncryptionKey[] | undefined {
  const keys = splitList(text).map(readKey);
  const ids = new Set(keys.map((one) => one?.id));
  if (keys.length === 0 || ids.has(undefined) || ids.size < keys.length) return undefined;
  return keys.flatMap((one) => one ?? []);
}

/** @param key 32 bytes @returns a key under its fingerprint */
export function unnamedKey(key: Buffer): EncryptionKey {
  return { id: createHash('sha256').update(key).digest('hex').slice(0, 12), key };
}

function readKey(text: string): EncryptionKey | undefined {
  const [, name, encoded = ''] = ENTRY.exec(text) ?? [];
  const key = bytesOf(encoded);
  return key && (name === undefined ? unnamedKey(key) : { id: name, key });
}

function bytesOf(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
