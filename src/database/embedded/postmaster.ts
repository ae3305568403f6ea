import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { handOver, type DataFolder } from './data-folder.js';
import { launchAs, type PostgresAccount } from './postgres-account.js';
import { type PostgresBinaries } from './postgres-binaries.js';
import { isAlive, isPostmasterOf, postmasterFilePath, readPostmasterFile } from './postmaster-file.js';

/** A PostgreSQL that runs and takes connections. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Our child, or `undefined` where an earlier process left it running and we took it over. */
  readonly child: ChildProcess | undefined;
}

export interface PostmasterInput {
  readonly folder: DataFolder;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
  /** A free one is taken where it is not given. */
  readonly port?: number;
  /** Off only where the data may be lost: tests. */
  readonly fsync?: boolean;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 10;
const LOG_LIMIT_BYTES = 10_000_000;
/** Reasons that pass by themselves: the one before is still going, or another was quicker. */
const PASSING =
  /pre-existing shared memory|lock file "postmaster.pid" already exists|could not bind|could not create any TCP/;

/**
 * The PostgreSQL that runs on the folder already, else a new child.
 *
 * @throws Error with the last lines of its log where it does not come up
 */
export async function runPostmaster(input: PostmasterInput): Promise<Postmaster> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const outcome = await runOnce(input);
    if (typeof outcome !== 'string') return outcome;
    if (performance.now() > deadline) throw new Error(`The embedded PostgreSQL does not start: ${outcome}`);
    await delay(POLL_MS * 5);
  }
}

/** Fast shutdown: open transactions are rolled back, all that was committed is kept. Resolves when it is gone. */
export async function stopPostmaster({ pid, child }: Postmaster, folder: DataFolder): Promise<void> {
  // Of one that is not our child the number may be another process' by now.
  const isThere = (): boolean =>
    child ? child.exitCode === null && child.signalCode === null : isPostmasterOf(pid, folder.path);
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!isThere()) return;
    process.kill(pid, signal);
    const deadline = performance.now() + STOP_TIMEOUT_MS;
    while (isAlive(pid) && performance.now() < deadline) await delay(POLL_MS);
  }
}

/** A Postmaster, or why there is none yet. */
async function runOnce(input: PostmasterInput): Promise<Postmaster | string> {
  const { path } = input.folder;
  const left = readPostmasterFile(path);
  if (!left) return startChild(input);
  if (isPostmasterOf(left.pid, path)) {
    return left.ready
      ? { pid: left.pid, port: left.port, child: undefined }
      : 'another PostgreSQL on the folder is not ready';
  }
  // Its number may be another process' by now: PostgreSQL would take that for a living server and refuse. Should one
  // live after all, its shared memory still keeps a second from the data.
  rmSync(postmasterFilePath(path), { force: true });
  return startChild(input);
}

async function startChild(input: PostmasterInput): Promise<Postmaster | string> {
  const { folder, account, binaries } = input;
  const port = input.port ?? (await freePort());
  handOver(folder.path, account);
  const log = openLog(folder.logPath);
  const logStart = statSync(folder.logPath).size;
  const launch = launchAs(
    account,
    binaries.postgres,
    serverArguments(folder.path, port, input.fsync ?? true),
  );
  const child = spawn(launch.file, launch.args, {
    ...launch.identity,
    stdio: ['ignore', log, log],
    env: { ...process.env, LC_ALL: 'C' },
    // A process group of its own: Ctrl-C in the terminal must reach us only, who drain first.
    detached: true,
  });
  closeSync(log);
  // Its end is our business only as long as we live.
  child.unref();
  let spawnError: string | undefined;
  child.on('error', (error) => (spawnError = error.message));
  while (spawnError === undefined && child.exitCode === null && child.signalCode === null) {
    const file = readPostmasterFile(folder.path);
    if (file?.ready && file.pid === child.pid) return { pid: file.pid, port, child };
    await delay(POLL_MS);
  }
  const said = spawnError ?? readFileSync(folder.logPath).subarray(logStart).toString('utf8').trim();
  if (PASSING.test(said)) return said;
  throw new Error(`The embedded PostgreSQL does not start. Its last words, in ${folder.logPath}: ${said}`);
}

function serverArguments(path: string, port: number, fsync: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 50,
    shared_buffers: '64MB',
    max_wal_size: '256MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
  };
  return ['-D', path, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Appends to the log; one that has grown large is put aside first. */
function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string')
    throw new Error('The system gave no free port on 127.0.0.1.');
  return address.port;
}
