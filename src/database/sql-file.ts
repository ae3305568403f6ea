import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Sql } from './sql-pool.js';

/** Which statement, and under which name connections prepare it: `<scope> <file> <choices>`. */
export interface SqlFile {
  readonly scope: string;
  readonly folder: string;
  readonly file: string;
  /** What stands for `{word}` in the file: our own text, never a caller's. */
  readonly choices?: Readonly<Record<string, string>>;
}

/** The statement of `<folder>/<file>.sql`, without its comments. Read when a module is loaded: a missing file stops the start. */
export function readSql({ choices = {}, ...where }: SqlFile): Sql {
  return readSqlTemplate(where)(choices);
}

/** As `readSql`, for a statement whose choices are known only when it is run. */
export function readSqlTemplate({ scope, folder, file }: Omit<SqlFile, 'choices'>) {
  const written = readFileSync(join(folder, `${file}.sql`), 'utf8').replace(/^--.*\n/gm, '');
  return (choices: NonNullable<SqlFile['choices']>): Sql => ({
    name: [scope, file, ...Object.values(choices)].join(' '),
    text: written.replace(/\{(\w+)\}/g, (_, word: string) => choices[word] ?? unknownWord(file, word)),
  });
}

function unknownWord(file: string, word: string): never {
  throw new Error(`${file}.sql asks for {${word}}, and nothing was chosen for it.`);
}
