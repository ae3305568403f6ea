import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { validationFailed } from '../../errors.js';
import { ApiProblems, type ChangeContext, CurrentChange, Roles, type Shown } from '../../identity/index.js';
import { formatUsd, QuotaGrants, QuotaResets, userId } from '../../rate-limiting/index.js';

import { grantedAmount, GrantQuotaDto, QuotaGrantView, QuotaResetView, ResetQuotaDto } from './quota.dto.js';

@ApiTags('admin: quotas')
@ApiBearerAuth()
@Roles('admin')
@Controller('admin/quotas')
export class QuotasController {
  constructor(
    private readonly resets: QuotaResets,
    private readonly grants: QuotaGrants,
  ) {}

  @Post('reset')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take back what was used in the current period or rolling window',
    description:
      'The period or window goes on, and the ledger stays as it is. Calls in flight count when they end. A user’s API keys have quotas of their own.',
  })
  @ApiOkResponse({ type: QuotaResetView })
  @ApiProblems(400, 401, 403, 404)
  async reset(
    @Body() { scope, id, reason }: ResetQuotaDto,
    @CurrentChange() { actor }: ChangeContext,
  ): Promise<Shown<QuotaResetView>> {
    const done = await this.resets.reset({ scope, id, reason, actor });
    const { subjects, calls, tokens, costNanoUsd } = done;
    return { id: done.id, scope, subjects, calls, tokens, costUsd: formatUsd(costNanoUsd) };
  }

  @Post('grants')
  @ApiOperation({
    summary: 'Give a user more room in the current period',
    description:
      'Raises the limit of one unit; one that is unlimited stays so. Holds everywhere within a second.',
  })
  @ApiCreatedResponse({ type: QuotaGrantView })
  @ApiProblems(400, 401, 403, 404)
  async grant(
    @Body() body: GrantQuotaDto,
    @CurrentChange() { actor }: ChangeContext,
  ): Promise<Shown<QuotaGrantView>> {
    const { unit, reason, expiresAt } = body;
    const amount = grantedAmount(unit, body.amount);
    if (amount === undefined)
      throw validationFailed([{ path: 'amount', message: 'is no amount of the unit' }]);
    const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
    const done = await this.grants.grant({
      userId: userId(body.userId),
      unit,
      amount,
      expiresAtMs,
      reason,
      actor,
    });
    return {
      id: done.id,
      userId: done.userId,
      unit: done.unit,
      amount: done.unit === 'cost' ? formatUsd(done.amount) : done.amount,
      period: done.period,
      expiresAt: new Date(done.expiresAtMs).toISOString(),
    };
  }
}
