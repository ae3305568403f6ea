import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SilenceWatch } from '../../../database/index.js';

/** What the scripts need of a Redis connection; ioredis has it. */
export interface ScriptRunner {
  evalsha(sha: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown>;
}

/** With a tick of the watch, what a store that is down may cost a call: 250 ms. */
const SILENCE_MS = 200;

const NAMES = [
  'reserve',
  'settle',
  'release',
  'load',
  'invalidate',
  'invalidate-all',
  'read',
  'renew',
  'overdue',
  'take-permits',
  'epoch',
  'register',
  'join-epoch',
  'find-live',
] as const;
export type ScriptName = (typeof NAMES)[number];

interface Script {
  readonly text: string;
  readonly sha: string;
}

/** The Lua files, read once: a missing one stops the start. Called by hash, sent again when Redis forgot them. */
export class RedisScripts {
  private readonly scripts = new Map<ScriptName, Script>(NAMES.map((name) => [name, readScript(name)]));

  private readonly watch = new SilenceWatch(SILENCE_MS);

  constructor(private readonly redis: ScriptRunner) {}

  /**
   * @param late is given the answer of a script that was given up and ran after all.
   * @throws StoreSilent where Redis says nothing for 200 ms.
   */
  async run(
    name: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (answer: unknown[]) => void,
  ): Promise<unknown[]> {
    const answer = this.call(name, keys, args).then(asList);
    return this.watch.guard(answer, late);
  }

  private async call(
    name: ScriptName,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const script = this.scripts.get(name);
    if (!script) throw new Error(`No Lua script is named ${name}.`);
    try {
      return await this.redis.evalsha(script.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isForgotten(error)) throw error;
      return this.redis.eval(script.text, keys.length, ...keys, ...args);
    }
  }
}

/** Redis answers a script's table as a list and a single value as itself. */
export function asList(answer: unknown): unknown[] {
  const list: unknown[] = Array.isArray(answer) ? answer : [answer];
  return list;
}

function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function readScript(name: ScriptName): Script {
  const text = readFileSync(join(__dirname, 'lua', `${name}.lua`), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
