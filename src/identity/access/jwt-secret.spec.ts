import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jwtSecretOf } from './jwt-secret.js';

describe('the secret of access tokens', () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-jwt-'));
    chmodSync(dataDir, 0o700);
  });

  afterEach(() => {
    rmSync(dataDir, { recursive: true });
  });

  it('is JWT_SECRET where that is set, and then no file is made', async () => {
    expect(await jwtSecretOf({ jwtSecret: 'given', dataDir })).toBe('given');
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is made once, kept over restarts, and readable by us only', async () => {
    const secret = await jwtSecretOf({ dataDir: join(dataDir, 'new') });
    expect(Buffer.from(secret, 'base64url')).toHaveLength(48);
    expect(await jwtSecretOf({ dataDir: join(dataDir, 'new') })).toBe(secret);
    expect(statSync(join(dataDir, 'new', 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('is one, however many processes make it at once, and no draft stays', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => jwtSecretOf({ dataDir })));
    expect(new Set(secrets)).toEqual(new Set([readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim()]));
    expect(readdirSync(dataDir)).toEqual(['jwt-secret']);
  });
});
