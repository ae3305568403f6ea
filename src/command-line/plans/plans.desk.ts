import { Injectable } from '@nestjs/common';

import { type Page, PlanStore, planView } from '../../identity/index.js';

const A_PAGE = 200;

/** Looks at plans. */
@Injectable()
export class PlansDesk {
  constructor(private readonly plans: PlanStore) {}

  /** All plans, in the order of their ids. */
  async list(): Promise<Pick<Page<ReturnType<typeof planView>>, 'items'>> {
    const items: ReturnType<typeof planView>[] = [];
    for (;;) {
      const after = items.at(-1)?.id;
      const page = await this.plans.list({ limit: A_PAGE, after });
      items.push(...page.items.map(planView));
      if (page.nextCursor === null) return { items };
    }
  }
}
