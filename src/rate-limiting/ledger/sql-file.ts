import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A statement that Postgres parses once a connection and then knows by its name. */
export interface NamedSql {
  readonly name: string;
  readonly text: string;
}

/**
 * The statement of `sql/<file>.sql`. Read when the module is loaded, so that a missing file stops the start.
 * @param choices what stands for `{word}` in the file: our own text, never a caller's.
 */
export function sqlFile(file: string, choices: Readonly<Record<string, string>> = {}): NamedSql {
  const written = readFileSync(join(__dirname, 'sql', `${file}.sql`), 'utf8').replace(/^--.*\n/gm, '');
  const text = written.replace(/\{(\w+)\}/g, (_, word: string) => choices[word] ?? unknownWord(file, word));
  return { name: ['ledger', file, ...Object.values(choices)].join(' '), text };
}

function unknownWord(file: string, word: string): never {
  throw new Error(`${file}.sql asks for {${word}}, and nothing was chosen for it.`);
}
