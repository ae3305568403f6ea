import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { type FastifyReply } from 'fastify';

import { StoresHealth } from '../database/index.js';
import { Public } from '../identity/index.js';

import { EndpointRate } from './endpoint-rate/endpoint-rate.decorator.js';
import { HealthView, LiveView, RootView } from './health.dto.js';

/** What anyone may ask: is it there, is it ready. */
@ApiTags('health')
@Public()
@Controller()
export class HealthController {
  constructor(private readonly stores: StoresHealth) {}

  @Get()
  @EndpointRate({ requestsPerMinute: 30, burst: 10 })
  @ApiOperation({ summary: 'Where to go from here' })
  @ApiOkResponse({ type: RootView })
  root() {
    return { name: 'Cuota', docs: '/docs', openapi: '/openapi.json', status: '/status' };
  }

  @Get('status')
  @EndpointRate({ requestsPerMinute: 60, burst: 10 })
  @ApiOperation({ summary: 'Whether it runs, and on which stores' })
  @ApiOkResponse({ type: HealthView })
  async status() {
    return { status: 'ok', stores: await this.stores.check() };
  }

  @Get('health/live')
  @SkipThrottle()
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ type: LiveView })
  live() {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @SkipThrottle()
  @ApiOperation({ summary: 'Its stores answer: 200, else 503' })
  @ApiOkResponse({ type: HealthView })
  @ApiServiceUnavailableResponse({ type: HealthView, description: 'A store is away.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const stores = await this.stores.check();
    const ready = stores.postgres && stores.redis !== false;
    if (!ready) reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: ready ? 'ok' : 'unavailable', stores };
  }
}
