/** What stands in a cell; `null` is shown as a dash. */
export type Cell = string | number | boolean | null | undefined;
export type Row = Readonly<Record<string, Cell>>;

const GAP = '  ';

/** Rows under their keys, in columns that fit; numbers to the right. */
export function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return 'none\n';
  const columns = Object.keys(first).map((key) => columnOf(key, rows));
  const lines = [
    columns.map(({ head }) => head),
    ...rows.map((_, at) => columns.map(({ cells }) => cells[at] ?? '')),
  ];
  return lines.map((line) => `${line.join(GAP).trimEnd()}\n`).join('');
}

/** Names with their values, one a line. */
export function list(values: Row): string {
  const width = Math.max(...Object.keys(values).map((key) => key.length));
  return Object.entries(values)
    .map(([key, value]) => `${key.padEnd(width)}${GAP}${shown(value)}\n`)
    .join('');
}

function columnOf(key: string, rows: readonly Row[]) {
  const texts = rows.map((row) => shown(row[key]));
  const width = Math.max(key.length, ...texts.map((text) => text.length));
  const isNumber = rows.every((row) => typeof row[key] === 'number' || row[key] === null);
  const pad = (text: string) => (isNumber ? text.padStart(width) : text.padEnd(width));
  return { head: pad(key), cells: texts.map(pad) };
}

/** Ids of workflows are other people's text: nothing in them may steer a terminal. */
function shown(value: Cell): string {
  if (value === null || value === undefined) return '-';
  return String(value).replace(/\p{Cc}/gu, '?');
}
