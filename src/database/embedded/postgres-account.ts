import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** As whom PostgreSQL runs. It refuses to run as root. */
export interface PostgresAccount {
  readonly kind: 'self' | 'nobody' | 'user-namespace';
  /** Who must own the data folder; `undefined` where it is who starts us. */
  readonly owner: number | undefined;
}

/** What to hand to `spawn`. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

const NOBODY = 65534;
const SELF: PostgresAccount = { kind: 'self', owner: undefined };
const FOR_ROOT: readonly PostgresAccount[] = [
  { kind: 'nobody', owner: NOBODY },
  // Where nobody cannot reach the folder: the kernel still sees root, PostgreSQL sees user 1000.
  { kind: 'user-namespace', owner: 0 },
];

/**
 * Finds out, by trying, as whom `postgres` can work below `dataDir`.
 *
 * @throws Error one line that names DATABASE_URL where no way works
 */
export function choosePostgresAccount(dataDir: string, postgres: string): PostgresAccount {
  if (process.getuid?.() !== 0) return SELF;
  const account = FOR_ROOT.find((candidate) => works(candidate, dataDir, postgres));
  if (account) return account;
  throw new Error(
    `PostgreSQL refuses to run as root, and neither user ${NOBODY} nor a user namespace can reach ${dataDir} and ${postgres}: start as another user, open these paths to all, or set DATABASE_URL.`,
  );
}

/** The command line that runs a program of PostgreSQL as an account. */
export function launchAs(account: PostgresAccount, file: string, args: readonly string[]): Launch {
  switch (account.kind) {
    case 'self':
      return { file, args, identity: {} };
    case 'nobody':
      return { file, args, identity: { uid: NOBODY, gid: NOBODY } };
    case 'user-namespace':
      return {
        file: 'unshare',
        args: ['--user', '--map-user=1000', '--map-group=1000', file, ...args],
        identity: {},
      };
  }
}

function works(account: PostgresAccount, dataDir: string, postgres: string): boolean {
  const probe = mkdtempSync(join(dataDir, '.probe-'));
  try {
    giveTo(account, probe);
    const script = 'cd "$1" && : > written && exec "$2" --version';
    const launch = launchAs(account, '/bin/sh', ['-c', script, 'sh', probe, postgres]);
    return spawnSync(launch.file, launch.args, { ...launch.identity, stdio: 'ignore' }).status === 0;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** Makes an account the owner of one file or folder. */
export function giveTo(account: PostgresAccount, path: string): void {
  if (account.owner !== undefined) chownSync(path, account.owner, account.owner);
}
