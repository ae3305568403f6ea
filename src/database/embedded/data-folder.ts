import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { giveTo, launchAs, type PostgresAccount } from './postgres-account.js';
import { type PostgresBinaries } from './postgres-binaries.js';
import { isAlive } from './postmaster-file.js';

/** The superuser that the embedded PostgreSQL is made with. */
export const EMBEDDED_USER = 'cuota';

/** Where an embedded PostgreSQL keeps its things. */
export interface DataFolder {
  /** `<DATA_DIR>/postgres`, symlinks resolved. */
  readonly path: string;
  /** `<DATA_DIR>/postgres.log`. */
  readonly logPath: string;
  readonly password: string;
}

export interface DataFolderInput {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
}

const INIT_PREFIX = '.postgres-init-';
const INITDB_OPTIONS = [
  `--username=${EMBEDDED_USER}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--no-instructions',
];

/** Opens the data folder, and makes it first where there is none yet. Safe to be interrupted, and to be run twice at once. */
export async function openDataFolder(input: DataFolderInput): Promise<DataFolder> {
  const dataDir = realpathSync(input.dataDir);
  const path = join(dataDir, 'postgres');
  const password = passwordIn(dataDir);
  removeInterrupted(dataDir);
  if (!isCluster(path)) await initialise({ ...input, dataDir }, password);
  return { path, password, logPath: join(dataDir, 'postgres.log') };
}

/** Makes the account the owner of all that is in the folder. Only while no PostgreSQL runs on it. */
export function handOver(path: string, account: PostgresAccount): void {
  const { uid } = statSync(path);
  const wanted = account.owner ?? process.getuid?.() ?? uid;
  if (uid === wanted) return;
  if (account.owner === undefined) {
    throw new Error(
      `${path} belongs to user ${uid}, not to user ${wanted}: run as that user, or \`chown -R ${wanted} ${path}\`.`,
    );
  }
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(path, entry), wanted, wanted);
  // The top last: it is what says that all below is done.
  lchownSync(path, wanted, wanted);
}

async function initialise(input: DataFolderInput, password: string): Promise<void> {
  const temporary = join(input.dataDir, `${INIT_PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
  const passwordFile = join(temporary, 'password');
  mkdirSync(temporary, { mode: 0o700 });
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    giveTo(input.account, temporary);
    giveTo(input.account, passwordFile);
    await runInitdb(input, [`--pgdata=${join(temporary, 'data')}`, `--pwfile=${passwordFile}`]);
    moveIntoPlace(join(temporary, 'data'), join(input.dataDir, 'postgres'));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function runInitdb({ binaries, account }: DataFolderInput, options: readonly string[]): Promise<void> {
  const launch = launchAs(account, binaries.initdb, [...INITDB_OPTIONS, ...options]);
  const child = spawn(launch.file, launch.args, { ...launch.identity, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const said = await text(child.stderr);
  const code = await closed;
  if (code !== 0)
    throw new Error(`initdb could not make the embedded PostgreSQL's data folder: ${said.trim()}`);
}

function moveIntoPlace(made: string, path: string): void {
  try {
    renameSync(made, path);
  } catch (error) {
    // Another process may have been quicker: then its folder is the one.
    if (isCluster(path)) return;
    throw new Error(
      `${path} is there but is no PostgreSQL data folder: move it away, or set another DATA_DIR.`,
      { cause: error },
    );
  }
}

function isCluster(path: string): boolean {
  return existsSync(join(path, 'PG_VERSION'));
}

/** What a killed process left half made. */
function removeInterrupted(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith(INIT_PREFIX)) continue;
    const folder = join(dataDir, name);
    if (isBeingMade(folder, Number(name.slice(INIT_PREFIX.length).split('-')[0]))) continue;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isBeingMade(folder: string, pid: number): boolean {
  if (pid !== process.pid) return isAlive(pid);
  // In a container each start has the same process id: what is older than we are is not ours.
  return statSync(folder).mtimeMs >= performance.timeOrigin;
}

function passwordIn(dataDir: string): string {
  const path = join(dataDir, 'postgres-password');
  if (!existsSync(path)) writeOnce(path, randomBytes(24).toString('base64url'));
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8').trim();
}

/** Whole or not at all, and never over what another process wrote in the same moment. */
function writeOnce(path: string, content: string): void {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(temporary, content, { mode: 0o600 });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
