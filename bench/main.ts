import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type Figure, resultsOf } from './figures.js';
import { openInOwnProcess } from './own-process.js';
import { type OpenRow, type Row } from './row.js';
import { ROWS } from './rows/index.js';
import { tableOf } from './table.js';

const LETTERS = lettersOf(ROWS);
const USAGE = `npm run bench -- [--rows ${LETTERS.join(',')}] [--rounds 3] [--quick] [--usage-rows 1000000]`;

/** Everything in one run, round by round, so that what is compared was measured under the same weather. */
async function main(): Promise<void> {
  const { rows: letters, rounds, quick, usageRows } = readArguments();
  const pace = { quick, ms: quick ? 200 : 1_000, usageRows };
  const open: { row: Row; running: OpenRow; seen: Figure[][] }[] = [];
  try {
    for (const row of ROWS.filter(({ letter }) => letters.includes(letter))) {
      open.push({ row, running: await openInOwnProcess(row, pace), seen: [] });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { row, running, seen } of open) {
        process.stderr.write(`round ${round} of ${rounds}: ${row.letter}. ${row.title}\n`);
        seen.push(await running.round());
      }
    }
  } finally {
    await Promise.all(open.map(({ running }) => running.close()));
  }
  report(open.flatMap(({ row, seen }) => resultsOf(row.letter, seen)));
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: lettersOf(ROWS.filter(({ onRequest }) => !onRequest)).join(',') },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'usage-rows': { type: 'string' },
    },
  });
  const rows = values.rows.split(',').map((letter) => letter.trim());
  const unknown = rows.find((letter) => !LETTERS.includes(letter));
  if (unknown !== undefined) throw new Error(`There is no row "${unknown}".   ${USAGE}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number.   ${USAGE}`);
  const usageRows = Number(values['usage-rows'] ?? (values.quick ? 10_000 : 1_000_000));
  if (!Number.isInteger(usageRows) || usageRows < 1)
    throw new Error(`--usage-rows takes a whole number.   ${USAGE}`);
  return { rows, rounds, quick: values.quick, usageRows };
}

function lettersOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.map(({ letter }) => letter))];
}

function report(results: ReturnType<typeof resultsOf>): void {
  const at = new Date().toISOString();
  const folder = join(__dirname, 'results');
  const file = join(folder, `${at.replaceAll(/[:.]/g, '-')}.json`);
  mkdirSync(folder, { recursive: true });
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    node: process.version,
    redis: redisVersion(),
  };
  writeFileSync(file, `${JSON.stringify({ at, machine, results }, null, 2)}\n`);
  process.stdout.write(`\n${tableOf(results)}\n\n${file}\n`);
}

function redisVersion(): string {
  return execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).trim();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
