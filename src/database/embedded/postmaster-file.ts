import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';

/** What PostgreSQL writes of itself into `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** Whether it takes connections. */
  readonly ready: boolean;
}

/** Reads `postmaster.pid` of a data folder; `undefined` where there is none, or one only half written. */
export function readPostmasterFile(folder: string): PostmasterFile | undefined {
  const lines = textOf(postmasterFilePath(folder))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' };
}

export function postmasterFilePath(folder: string): string {
  return join(folder, 'postmaster.pid');
}

/** Whether a process is there, whoever owns it. One that has ended and was not waited for is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(types.isNativeError(error) && 'code' in error && error.code === 'EPERM')) return false;
  }
  return !/^State:\s+Z/m.test(textOf(`/proc/${pid}/status`) ?? '');
}

/** Whether `pid` really is a PostgreSQL on this folder, and not another process that was given its number. */
export function isPostmasterOf(pid: number, folder: string): boolean {
  if (!isAlive(pid)) return false;
  const words = existsSync('/proc/self/cmdline') ? wordsFromProc(pid) : wordsFromPs(pid);
  return words.includes('-D') && words.includes(folder);
}

function wordsFromProc(pid: number): readonly string[] {
  return textOf(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
}

function wordsFromPs(pid: number): readonly string[] {
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  const [, folder] = / -D (.+?) -c /.exec(stdout) ?? [];
  return folder === undefined ? [] : ['-D', folder];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
