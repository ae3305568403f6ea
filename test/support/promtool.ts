import { spawnSync } from 'node:child_process';

/** What Prometheus' own checker said: Debian's package `prometheus` brings it. */
export interface PromtoolAnswer {
  readonly status: number | null;
  readonly output: string;
}

/** Runs promtool; fails where it is not installed, since a check that is skipped is none. */
export function promtool(args: readonly string[], input = ''): PromtoolAnswer {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error) throw new Error(`promtool cannot be run (apt-get install prometheus): ${error.message}`);
  return { status, output: `${stdout}${stderr}`.trim() };
}
