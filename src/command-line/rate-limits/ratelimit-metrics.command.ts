import { SubCommand } from 'nest-commander';

import { type MetricsShown } from '../../observability/index.js';
import { ShowingCommand, type ShowOptions } from '../base.command.js';
import { Output } from '../output.js';
import { list, table } from '../table.js';
import { Workroom } from '../workroom.js';

@SubCommand({
  name: 'metrics',
  description: "this month's calls, tokens and cost, calls in flight, latencies",
})
export class RateLimitMetricsCommand extends ShowingCommand {
  protected override readonly examples = ['ratelimit metrics', 'ratelimit metrics --json'];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  override async run(_: string[], options: ShowOptions): Promise<void> {
    const metrics = await this.workroom.with(
      async () => {
        const { MetricsDesk, MetricsModule } = await import('./metrics.desk.js');
        return { desk: MetricsDesk, modules: [MetricsModule] };
      },
      (desk) => desk.show(),
    );
    await this.show(options, metrics, textOf);
  }
}

function textOf({ counters, gauges, latencies }: MetricsShown): string {
  const parts = ['This month', list(counters)];
  if (Object.keys(gauges).length > 0) parts.push('Now', list(gauges));
  const times = Object.entries(latencies).map(([name, latency]) => ({ name, ...latency }));
  return [...parts, 'The last 15 minutes', table(times)].join('\n');
}
