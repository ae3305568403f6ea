import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { type EncryptionKey } from '../../config/index.js';
import { CodedError } from '../../errors.js';

/** What was encrypted, and with which key. */
export interface Sealed {
  /** Nonce, tag and ciphertext. */
  readonly sealed: Buffer;
  readonly encryptionKeyId: string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under the keys of ENCRYPTION_KEY. `place` is where a secret lies: moved elsewhere it cannot be opened.
 */
export class KeyRing {
  constructor(private readonly keys: readonly EncryptionKey[]) {}

  /** The key that encrypts; `undefined` where none is set. */
  get currentId(): string | undefined {
    return this.keys[0]?.id;
  }

  /** @throws CodedError `conflict` where no key is set. */
  seal(secret: string, place: string): Sealed {
    const [current] = this.keys;
    if (!current)
      throw new CodedError(
        'conflict',
        'This server keeps no provider keys: ENCRYPTION_KEY is not set. The operator must set it, on all instances alike (openssl rand -base64 32).',
      );
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, current.key, nonce).setAAD(Buffer.from(place));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return { sealed: Buffer.concat([nonce, cipher.getAuthTag(), text]), encryptionKeyId: current.id };
  }

  /** @throws Error without any secret in it, where no key of ours opens it. */
  open({ sealed, encryptionKeyId }: Sealed, place: string): string {
    const key = this.keys.find(({ id }) => id === encryptionKeyId)?.key;
    if (!key)
      throw new Error(
        `ENCRYPTION_KEY has no key ${encryptionKeyId}, with which a provider key was encrypted.`,
      );
    try {
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    } catch {
      throw new Error(
        `A provider key is not what was encrypted with the key ${encryptionKeyId} for its row.`,
      );
    }
  }
}
