import { join } from 'node:path';

import {
  type LuaFile,
  type LuaRunner,
  readLuaFiles,
  runLua,
  SilenceWatch,
  WrittenCommand,
} from '../../../database/index.js';

import { requestOf, type ScriptCall } from './script-request.js';

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
  'shrink',
] as const;
export type ScriptName = (typeof NAMES)[number];

let scripts: ReadonlyMap<ScriptName, LuaFile> | undefined;

/** What is worth nothing once its asker has gone on without the answer: a Redis that is silent is not asked. */
const ASKED: ReadonlySet<ScriptName> = new Set(['reserve', 'take-permits', 'read']);

/** The Lua files, read once: a missing one stops the start. */
export class RedisScripts {
  private readonly scripts = (scripts ??= readLuaFiles(join(__dirname, 'lua'), NAMES));

  private readonly watch = new SilenceWatch(SILENCE_MS);

  constructor(private readonly redis: LuaRunner) {}

  /**
   * @param late is given the answer of a script that was given up and ran after all.
   * @returns what the script returned, as a list; texts in it are bytes.
   * @throws StoreSilent where Redis says nothing for 200 ms, and at once while it has not said anything since.
   */
  async run(name: ScriptName, call: ScriptCall, late?: (answer: unknown[]) => void): Promise<unknown[]> {
    const script = this.scripts.get(name);
    if (!script) throw new Error(`No Lua script is named ${name}.`);
    const watch = this.redis.silence ?? this.watch;
    if (watch.silent && ASKED.has(name)) throw watch.failure();
    const told = (answer: unknown) => {
      late?.(asList(answer));
    };
    // Guarded at each sending: a script that is sent whole is another answer to wait for.
    return asList(
      await runLua(script, (command, text) => watch.guardInOrder(this.send(command, text, call), told)),
    );
  }

  private send(command: 'evalsha' | 'eval', script: string, call: ScriptCall): Promise<unknown> {
    const request = requestOf(command, script, call);
    return new WrittenCommand(command, request, call.keys[0] ?? '').by(this.redis);
  }
}

/** Redis answers a script's table as a list and a single value as itself. */
function asList(answer: unknown): unknown[] {
  const list: unknown[] = Array.isArray(answer) ? answer : [answer];
  return list;
}
