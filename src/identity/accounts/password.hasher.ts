import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { bulkhead, isBulkheadRejectedError } from 'cockatiel';

import { CodedError } from '../../errors.js';

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 16 MB and about a fifth of a second a hash: OWASP's advice for scrypt. */
const COST: Cost = { N: 2 ** 14, r: 8, p: 5 };
const HASH_BYTES = 32;
const STORED = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]+)$/;
/** Hashing runs on libuv's four threads, which files and name look-ups need too. */
const AT_ONCE = 2;
/** Whoever comes later would wait for seconds. */
const WAITING = 20;

/** Hashes and checks passwords with scrypt. */
@Injectable()
export class PasswordHasher {
  private readonly queue = bulkhead(AT_ONCE, WAITING);
  private readonly decoy = storedForm(COST, randomBytes(16), randomBytes(HASH_BYTES));

  /** The form in which a password is kept: its cost, salt and hash. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    return storedForm(COST, salt, await this.derive(password, salt, COST));
  }

  /** Compares in constant time. Without a stored hash the answer is no, and takes as long as any other. */
  async matches(password: string, stored: string | null | undefined): Promise<boolean> {
    const { cost, salt, hash } = parse(stored ?? this.decoy);
    const equal = timingSafeEqual(await this.derive(password, salt, cost), hash);
    return equal && typeof stored === 'string';
  }

  private async derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
    try {
      return await this.queue.execute(() => scryptOf(password, salt, cost));
    } catch (error) {
      if (!isBulkheadRejectedError(error)) throw error;
      const wait = 'Too many logins at once. Try again in a few seconds.';
      throw new CodedError('rate_limit_exceeded', wait, { retryAfterMs: 5_000 });
    }
  }
}

function scryptOf(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same letters may be typed in two ways; NFKC makes them one password.
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, { ...cost, maxmem: 64 * 2 ** 20 }, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}

function storedForm({ N, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

function parse(stored: string): { cost: Cost; salt: Buffer; hash: Buffer } {
  const match = STORED.exec(stored);
  if (!match) throw new Error('A stored password hash is not in the form scrypt$N$r$p$salt$hash.');
  const [, N, r, p, salt = '', hash = ''] = match;
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}
