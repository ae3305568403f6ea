import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A script as Redis is given it: by its hash, or whole where that is not known there. */
export interface LuaFile {
  readonly text: string;
  readonly sha: string;
}

/** The scripts of a folder by their names. @throws where one is missing, which stops the start */
export function readLuaFiles<Name extends string>(
  folder: string,
  names: readonly Name[],
): ReadonlyMap<Name, LuaFile> {
  return new Map(names.map((name) => [name, readLua(folder, name)]));
}

/** Sends a script by its hash, and whole where Redis forgot it: after a restart, or when it never heard of it. */
export async function runLua<Answer>(
  script: LuaFile,
  send: (command: 'evalsha' | 'eval', script: string) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send('evalsha', script.sha);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    return send('eval', script.text);
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function readLua(folder: string, name: string): LuaFile {
  const text = readFileSync(join(folder, `${name}.lua`), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
