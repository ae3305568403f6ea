import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret that access tokens are signed with: JWT_SECRET, else one that is made once and kept in
 * `<DATA_DIR>/jwt-secret`, readable by us only. Instances on several machines need JWT_SECRET.
 */
export async function jwtSecretOf(input: {
  readonly jwtSecret?: string | undefined;
  readonly dataDir: string;
}): Promise<string> {
  if (input.jwtSecret !== undefined) return input.jwtSecret;
  const path = join(input.dataDir, 'jwt-secret');
  return (await readSecret(path)) ?? makeSecret(path, input.dataDir);
}

async function makeSecret(path: string, dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link appears with its whole content or not at all, and only for the first of several processes.
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const secret = await readSecret(path);
  if (secret !== undefined) return secret;
  throw new Error(`${path} is empty. Delete it, or set JWT_SECRET.`);
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    return secret === '' ? undefined : secret;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
