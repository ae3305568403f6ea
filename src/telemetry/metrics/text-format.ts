import { type Distribution, type Family, type Sample } from './family.js';

/** Prometheus' text format, version 0.0.4. */
export const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** Families as Prometheus reads them. */
export function textOf(families: readonly Family[]): string {
  return families.map((family) => headOf(family) + linesOf(family).join('')).join('');
}

function headOf({ name, help, type }: Family): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function linesOf(family: Family): string[] {
  if (family.type === 'histogram') return family.distributions.flatMap((one) => bucketsOf(family.name, one));
  return family.samples.map((sample) => lineOf(family.name, sample));
}

function bucketsOf(name: string, { labels, bounds, counts, sum }: Distribution): string[] {
  let total = 0;
  const lines = counts.map((count, at) => {
    total += count;
    const le = numberOf(bounds[at] ?? Infinity);
    return lineOf(`${name}_bucket`, { labels: { ...labels, le }, value: total });
  });
  return [
    ...lines,
    lineOf(`${name}_sum`, { labels, value: sum }),
    lineOf(`${name}_count`, { labels, value: total }),
  ];
}

function lineOf(name: string, { labels, value }: Sample): string {
  return `${seriesName(name, labels)} ${numberOf(value)}\n`;
}

/** A series as PromQL writes it: `llm_requests_total{provider="openai"}`. */
export function seriesName(name: string, labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapedValue(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function escapedValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberOf(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
