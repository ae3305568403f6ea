import { join } from 'node:path';

import { readSql, type Sql } from '../../database/index.js';

/** The statement of `sql/<file>.sql`, read when the module is loaded. */
export function sqlFile(file: string, choices: Readonly<Record<string, string>> = {}): Sql {
  return readSql({ scope: 'ledger', folder: join(__dirname, 'sql'), file, choices });
}
