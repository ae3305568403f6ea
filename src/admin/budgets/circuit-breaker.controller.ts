import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { ApiProblems, type ChangeContext, CurrentChange, Roles, type Shown } from '../../identity/index.js';
import { BudgetsReader, CircuitBreaker } from '../../rate-limiting/index.js';

import { circuitBreakerView, CircuitBreakerView, ResetCircuitBreakerDto } from './circuit-breaker.dto.js';

@ApiTags('admin: budgets')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/circuit-breaker')
export class CircuitBreakerController {
  constructor(
    private readonly breaker: CircuitBreaker,
    private readonly budgets: BudgetsReader,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The circuit breaker, and what all callers together spent',
    description: 'Since it was last closed, and in the clock hour.',
  })
  @ApiOkResponse({ type: CircuitBreakerView })
  @ApiProblems(401, 403)
  async get(): Promise<Shown<CircuitBreakerView>> {
    return circuitBreakerView(await this.budgets.look());
  }

  @Post('reset')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Close the circuit breaker',
    description:
      'What is spent from now on counts; where it is closed already, it begins to count anew. Holds everywhere within a second. The clock hour’s budget goes on.',
  })
  @ApiOkResponse({ type: CircuitBreakerView })
  @ApiProblems(400, 401, 403)
  async reset(
    @Body() { reason }: ResetCircuitBreakerDto,
    @CurrentChange() { actor }: ChangeContext,
  ): Promise<Shown<CircuitBreakerView>> {
    await this.breaker.reset({ actor, reason: reason ?? undefined });
    return circuitBreakerView(await this.budgets.look());
  }
}
