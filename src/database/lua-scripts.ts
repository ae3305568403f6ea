import { Redis } from 'ioredis';

import { type LuaFile, readLuaFiles, runLua } from './lua-file.js';
import { silenceOf, SilenceWatch } from './silence-watch.js';

/** What scripts need of a Redis connection; ioredis has it, of one server and of a cluster. */
export interface ScriptServer {
  evalsha(sha: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown>;
}

/** With a tick of the watch, what a Redis that is down may cost: 250 ms. */
const SILENCE_MS = 200;

/** The Lua files of a folder, read once: a missing one stops the start. Called by hash, sent again when Redis forgot them. */
export class LuaScripts<Name extends string> {
  private readonly scripts: ReadonlyMap<Name, LuaFile>;
  private readonly guard: <Answer>(answer: Promise<Answer>) => Promise<Answer>;

  constructor(
    private readonly redis: ScriptServer,
    folder: string,
    names: readonly Name[],
  ) {
    this.guard = guardOf(redis);
    this.scripts = readLuaFiles(folder, names);
  }

  /** @throws StoreSilent where Redis says nothing for 200 ms. */
  run(name: Name, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const script = this.scripts.get(name);
    if (!script) throw new Error(`No Lua script is named ${name}.`);
    return this.guard(
      runLua(script, (command, text) => this.redis[command](text, keys.length, ...keys, ...args)),
    );
  }
}

/** Of a cluster's servers one may hang: those who ask the others are not to go without an answer. */
function guardOf(redis: ScriptServer): <Answer>(answer: Promise<Answer>) => Promise<Answer> {
  const watch = redis instanceof Redis ? silenceOf(redis) : new SilenceWatch(SILENCE_MS);
  return (answer) => (redis instanceof Redis ? watch.guardInOrder(answer) : watch.guard(answer));
}
