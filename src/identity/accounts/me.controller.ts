import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { CurrentPrincipal } from '../access/access.decorators.js';
import { PlanStore } from '../plans/plan.store.js';
import { planView } from '../plans/plan.view.js';
import { type Principal } from '../principal.js';
import { ApiProblems } from '../problems.decorator.js';
import { UserStore } from '../users/user.store.js';
import { MeView, userView } from '../users/user.view.js';
import { type Shown } from '../shown.js';

@ApiTags('me')
@ApiBearerAuth()
@Controller('me')
export class MeController {
  constructor(
    private readonly users: UserStore,
    private readonly plans: PlanStore,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Who I am, with my plan' })
  @ApiOkResponse({ type: MeView })
  @ApiProblems(401)
  async me(@CurrentPrincipal() { userId, apiKeyId }: Principal): Promise<Shown<MeView>> {
    const user = await this.users.get(userId);
    const plan = planView(await this.plans.get(user.planId));
    return { ...userView(user), plan, ...(apiKeyId === undefined ? {} : { apiKeyId }) };
  }
}
