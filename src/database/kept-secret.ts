import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A secret that is made once and kept, and the setting that would replace it. */
export interface KeptSecret {
  /** DATA_DIR. */
  readonly dataDir: string;
  readonly file: string;
  readonly bytes: number;
  readonly setting: string;
}

/** The secret of a file in DATA_DIR, in base64url, readable by us only: made where there is none yet, once over all processes. */
export async function keptSecret(wanted: KeptSecret): Promise<string> {
  const path = join(wanted.dataDir, wanted.file);
  return (await readSecret(path)) ?? makeSecret(path, wanted);
}

async function makeSecret(path: string, { dataDir, bytes, setting }: KeptSecret): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(bytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
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
  throw new Error(`${path} is empty. Delete it, or set ${setting}.`);
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
