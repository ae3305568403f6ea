import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { until } from '../../../test/support/until.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';
import { isAlive, postmasterFilePath, readPostmasterFile } from './postmaster-file.js';

const SUPPORT = join(__dirname, '..', '..', '..', 'test', 'support');
const NOBODY = 65534;
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

let top: string;
let dataDir: string;
let said: string[];
let running: EmbeddedPostgres[];
let processes: ChildProcess[];

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'cuota-embedded-'));
  chmodSync(top, 0o755);
  dataDir = join(top, 'data');
  said = [];
  running = [];
  processes = [];
});

afterEach(async () => {
  await Promise.all(running.map((embedded) => embedded.stop()));
  for (const child of processes) child.kill('SIGKILL');
  const left = readPostmasterFile(join(dataDir, 'postgres'));
  if (left && isAlive(left.pid)) process.kill(left.pid, 'SIGKILL');
  rmSync(top, { recursive: true, force: true, maxRetries: 20 });
});

async function start(): Promise<EmbeddedPostgres> {
  const keep = (line: string): number => said.push(line);
  const embedded = await startEmbeddedPostgres({ dataDir, log: { log: keep, warn: keep } });
  running.push(embedded);
  return embedded;
}

async function ask<Row extends QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

function serverPid(): number {
  const file = readPostmasterFile(join(dataDir, 'postgres'));
  if (!file) throw new Error('no postmaster.pid');
  return file.pid;
}

function ownerOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

interface ServerProcess {
  readonly child: ChildProcess;
  /** Its first line: the URL, or why not. */
  readonly says: string;
}

/** A server in a process of its own, which can be killed. */
async function startProcess(options: Pick<SpawnOptions, 'uid' | 'gid' | 'env'> = {}): Promise<ServerProcess> {
  const args = ['-r', join(SUPPORT, 'run-typescript.cjs'), join(SUPPORT, 'embedded-server.ts'), dataDir];
  const child = spawn(process.execPath, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  processes.push(child);
  const says = await new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  return { child, says: says.trim() };
}

describe('startEmbeddedPostgres', () => {
  it('makes a PostgreSQL that only this machine and only the password reach, and that writes to the disk', async () => {
    const { url } = await start();
    const [row] = await ask(
      url,
      `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS addresses,
              current_setting('unix_socket_directories') AS sockets, current_setting('server_encoding') AS encoding,
              current_setting('password_encryption') AS passwords, current_database() AS database`,
    );
    expect(row).toEqual({
      fsync: 'on',
      addresses: '127.0.0.1',
      sockets: '',
      encoding: 'UTF8',
      passwords: 'scram-sha-256',
      database: 'cuota',
    });
    expect(statSync(join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(dataDir, 'postgres.log'))).toBe(true);
    await expect(ask(url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
  });

  it('keeps its data over a stop and a start, and is gone in between', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE thing AS SELECT 7 AS value');
    const pid = serverPid();
    await first.stop();
    expect(isAlive(pid)).toBe(false);
    const second = await start();
    expect(await ask(second.url, 'SELECT value FROM thing')).toEqual([{ value: 7 }]);
  });

  it('is not hindered by an initdb that was interrupted', async () => {
    const { pid } = spawn('true');
    const half = join(dataDir, `.postgres-init-${pid ?? 0}-abcd`);
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, 'PG_VERSION'), '18');
    await until('that process is gone', () => !isAlive(pid ?? 0));
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('leaves a folder alone that is none of its own', async () => {
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'diary.txt'), 'dear diary');
    await expect(start()).rejects.toThrow(/is no PostgreSQL data folder: move it away/);
    expect(readFileSync(join(dataDir, 'postgres', 'diary.txt'), 'utf8')).toBe('dear diary');
  });

  it('takes over the PostgreSQL that a killed server left running, and stops it at its own end', async () => {
    const { child, says } = await startProcess();
    await ask(says, 'CREATE TABLE thing AS SELECT 7 AS value');
    const pid = serverPid();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = await start();
    expect(next.url).toBe(says);
    expect(serverPid()).toBe(pid);
    expect(await ask(next.url, 'SELECT value FROM thing')).toEqual([{ value: 7 }]);
    expect(said.join()).toContain('is taken over');
    await next.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('refuses a second server on the same folder in one line, and leaves the first alone', async () => {
    const { url } = await start();
    const second = await startProcess();
    expect(second.says).toMatch(
      /^Another Cuota server uses the data folder .*: stop that one, or set another DATA_DIR/,
    );
    expect(second.says.split('\n')).toHaveLength(1);
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets one of two win that start at once on an empty folder', async () => {
    const both = await Promise.all([startProcess(), startProcess()]);
    const [winner, ...more] = both.filter(({ says }) => says.startsWith('postgres://'));
    expect(more).toEqual([]);
    expect(await ask(winner?.says ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(both.find((one) => one !== winner)?.says).toMatch(/^Another Cuota server/);
  });

  it('starts it again on the same port when it dies', async () => {
    const { url } = await start();
    await ask(url, 'CREATE TABLE thing AS SELECT 7 AS value');
    const pid = serverPid();
    process.kill(pid, 'SIGKILL');
    await until('it is back', () => said.includes('The embedded PostgreSQL is back.'));
    expect(await ask(url, 'SELECT value FROM thing')).toEqual([{ value: 7 }]);
    expect(serverPid()).not.toBe(pid);
  });

  it('heals when only its lock was lost', async () => {
    const { url } = await start();
    await ask(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cuota data folder lock'`,
    );
    await until('it is back', () => said.includes('The embedded PostgreSQL is back.'));
    expect((await startProcess()).says).toMatch(/^Another Cuota server/);
  });

  it('starts where postmaster.pid names a process that is another by now', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(
      postmasterFilePath(join(dataDir, 'postgres')),
      `${process.ppid}\n${dataDir}\n0\n5432\n\n\n\nready\n`,
    );
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('outlives Ctrl-C, so that its server can drain first', async () => {
    const { child, says } = await startProcess();
    const drains = once(child.stdout ?? child, 'data');
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await drains).toEqual(['draining\n']);
    expect(await ask(says, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const pid = serverPid();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends with a server that ends without stopping it', async () => {
    const { child } = await startProcess();
    const pid = serverPid();
    child.kill('SIGUSR2');
    expect(await once(child, 'exit')).toEqual([3, null]);
    await until('it has ended', () => !isAlive(pid));
  });

  itAsRoot('runs as it is where it is not started by root', async () => {
    mkdirSync(dataDir);
    chownSync(dataDir, 1000, 1000);
    const { says } = await startProcess({ uid: 1000, gid: 1000 });
    expect(await ask(says, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(ownerOf(serverPid())).toBe(1000);
  });

  itAsRoot('runs as nobody where it is started by root', async () => {
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(ownerOf(serverPid())).toBe(NOBODY);
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(NOBODY);
  });

  itAsRoot(
    'runs in a user namespace where nobody cannot reach the folder, also with data from before',
    async () => {
      const first = await start();
      await ask(first.url, 'CREATE TABLE thing AS SELECT 7 AS value');
      await first.stop();
      chmodSync(top, 0o700);
      const second = await start();
      expect(await ask(second.url, 'SELECT value FROM thing')).toEqual([{ value: 7 }]);
      expect(ownerOf(serverPid())).toBe(0);
      expect(statSync(join(dataDir, 'postgres')).uid).toBe(0);
      await second.stop();
      chmodSync(top, 0o755);
      const third = await start();
      expect(await ask(third.url, 'SELECT value FROM thing')).toEqual([{ value: 7 }]);
      expect(ownerOf(serverPid())).toBe(NOBODY);
    },
  );

  itAsRoot('says in one line that DATABASE_URL is the way out where neither works', async () => {
    chmodSync(top, 0o700);
    const { says } = await startProcess({ env: { PATH: top } });
    expect(says).toMatch(/^PostgreSQL refuses to run as root, .*or set DATABASE_URL\.$/);
  });
});
