import { timingSafeEqual } from 'node:crypto';

import { Controller, Get, Header, Headers, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';

import { type Settings, SETTINGS } from '../config/index.js';
import { CodedError } from '../errors.js';
import { ApiProblems, Public } from '../identity/index.js';
import { readInstruments, TEXT_FORMAT, textOf } from '../telemetry/index.js';

import { processMetrics } from './process-metrics.js';

/** What Prometheus scrapes. Each instance tells of itself. */
@ApiTags('health')
@Public()
@SkipThrottle()
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  @Get()
  @Header('Content-Type', TEXT_FORMAT)
  @ApiOperation({
    summary: "This instance's figures, in Prometheus' text format",
    description:
      'Where METRICS_TOKEN is set, the header "Authorization: Bearer <METRICS_TOKEN>" is asked for.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  @ApiProblems(401)
  async metrics(@Headers('authorization') authorization?: string): Promise<string> {
    const { metricsToken } = this.settings.http;
    if (metricsToken !== undefined && !presents(authorization, metricsToken)) {
      throw new CodedError(
        'unauthorized',
        'The metrics are for who knows METRICS_TOKEN. Send the header "Authorization: Bearer <METRICS_TOKEN>".',
      );
    }
    const [ours, process] = await Promise.all([readInstruments(), processMetrics()]);
    return textOf(ours) + process;
  }
}

function presents(authorization: string | undefined, token: string): boolean {
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
