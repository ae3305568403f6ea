import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';

import { ApiProblems, Roles } from '../identity/index.js';

import { type MetricsShown, MetricsSummary } from './summary/metrics-summary.port.js';

class MetricsSummaryView {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: {
      llm_requests_total: 2,
      'llm_requests_total{provider="openai",operation="llm_call",outcome="answered"}': 2,
    },
    description: 'Since the process started. The bare name is the sum over all labels.',
  })
  counters!: Record<string, number>;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { reservations_held: 3 },
  })
  gauges!: Record<string, number>;

  @ApiProperty({
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: {
        count: { type: 'integer' },
        averageMs: { type: 'number' },
        p50Ms: { type: 'number' },
        p95Ms: { type: 'number' },
      },
    },
    description: 'Estimated from buckets, as PromQL does.',
  })
  latencies!: Record<string, unknown>;
}

/** The figures of /metrics, summed up for who has no Prometheus at hand. */
@ApiTags('admin: metrics')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/metrics')
export class MetricsSummaryController {
  constructor(private readonly summary: MetricsSummary) {}

  @Get()
  @ApiOperation({ summary: "This instance's figures, summed up" })
  @ApiOkResponse({ type: MetricsSummaryView })
  @ApiProblems(401, 403)
  show(): Promise<MetricsShown> {
    return this.summary.get();
  }
}
