import { join } from 'node:path';

import { readSql, readSqlTemplate, type Sql } from '../../database/index.js';

/** What stands for `{word}` in a file: our own text, never a caller's. */
export type SqlChoices = Readonly<Record<string, string>>;

const FOLDER = { scope: 'ledger', folder: join(__dirname, 'sql') };

/** The statement of `sql/<file>.sql`, read when the module is loaded. */
export function sqlFile(file: string, choices: SqlChoices = {}): Sql {
  return readSql({ ...FOLDER, file, choices });
}

/** As `sqlFile`, for a statement whose choices are known only when it is run. */
export function sqlTemplate(file: string): (choices: SqlChoices) => string {
  const template = readSqlTemplate({ ...FOLDER, file });
  return (choices) => template(choices).text;
}
