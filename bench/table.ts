import { type Result, type Target } from './figures.js';

/** The results as a table of Markdown: what is printed is what goes into docs/performance.md. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => [
    `${result.row}. ${result.name}`,
    shown(result.median),
    `${shown(result.least)} … ${shown(result.most)}`,
    result.target ? targetText(result.target) : '',
    verdict(result),
  ]);
  const all = [['figure', 'median', 'spread', 'target', ''], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(all[0] ?? []), rule, ...rows.map(line)].join('\n');
}

function verdict({ met }: Result): string {
  if (met === undefined) return '';
  return met ? 'met' : 'missed';
}

function targetText(target: Target): string {
  return 'atMost' in target ? `≤ ${shown(target.atMost)}` : `≥ ${shown(target.atLeast)}`;
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
