import { Body, Controller, Get, Headers, Inject, Post } from '@nestjs/common';
import { type LimitView, limitView, RateLimitingService, userId } from 'cuota';

import { type Poem, PoemsService } from './poems.service.js';

/** Who calls is what the header `X-User` says: put your own login here. */
@Controller()
export class PoemsController {
  constructor(
    @Inject(PoemsService) private readonly poems: PoemsService,
    @Inject(RateLimitingService) private readonly rateLimiting: RateLimitingService,
  ) {}

  @Post('poems')
  write(@Headers('x-user') writer: string, @Body() body: { about?: string }): Promise<Poem> {
    return this.poems.write({ writer, about: body.about ?? '' });
  }

  /** What the caller has used, and what is left. */
  @Get('usage')
  async usage(@Headers('x-user') user: string): Promise<LimitView[]> {
    const limits = await this.rateLimiting.getCurrentUsage({ userId: userId(user) });
    return limits.filter(({ max }) => max > 0).map(limitView);
  }
}
