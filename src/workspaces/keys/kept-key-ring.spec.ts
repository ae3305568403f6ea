import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readSettings } from '../../config/index.js';

import { keyRingOf } from './kept-key-ring.js';

describe('the key that encrypts provider keys', () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-key-'));
  });

  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });

  const ring = async (env: Record<string, string> = {}) => {
    const read = readSettings({ DATA_DIR: dataDir, ...env });
    if ('faults' in read) throw new Error(read.faults.join('\n'));
    return await keyRingOf(read.settings);
  };
  const DATABASE_URL = 'postgres://u:p@localhost/db';

  it('is made and kept with the embedded PostgreSQL, readable by us only', async () => {
    const sealed = (await ring()).seal('sk-secret', 'row');
    expect(statSync(join(dataDir, 'encryption-key')).mode & 0o777).toBe(0o600);
    expect((await ring()).open(sealed, 'row')).toBe('sk-secret');
  });

  it('with DATABASE_URL must be set: none is made, and nothing is encrypted', async () => {
    const none = await ring({ DATABASE_URL });
    expect(readdirSync(dataDir)).toEqual([]);
    expect(() => none.seal('sk-secret', 'row')).toThrow(/ENCRYPTION_KEY is not set/);
  });

  it('is the first of ENCRYPTION_KEY; the others go on decrypting, by name or by fingerprint', async () => {
    const [old, fresh] = [Buffer.alloc(32, 1).toString('hex'), Buffer.alloc(32, 2).toString('base64')];
    const before = (await ring({ DATABASE_URL, ENCRYPTION_KEY: old })).seal('sk-secret', 'row');
    const both = await ring({ DATABASE_URL, ENCRYPTION_KEY: `2027:${fresh},${old}` });
    expect(both.open(before, 'row')).toBe('sk-secret');
    const after = both.seal('sk-secret', 'row');
    expect(after.encryptionKeyId).toBe('2027');
    expect((await ring({ ENCRYPTION_KEY: `2027:${fresh}` })).open(after, 'row')).toBe('sk-secret');
    await expect(ring({ ENCRYPTION_KEY: `a:${old},a:${fresh}` })).rejects.toThrow(/ENCRYPTION_KEY/);
  });
});
