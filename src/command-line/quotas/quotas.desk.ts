import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { formatUsd, QuotaResets, type ResetScope } from '../../rate-limiting/index.js';
import { UsageReader, type UsageReportDto } from '../../usage/index.js';
import { type FoundUser, UserFinder } from '../accounts/user.finder.js';
import { commandActor } from '../command-actor.js';

import { CurrentUsage, type LimitShown, limitShown, type UsageSource } from './current-usage.js';

export interface QuotaShown extends Omit<UsageReportDto, 'limits'> {
  readonly user: FoundUser;
  readonly source: UsageSource;
  readonly limits: readonly LimitShown<UsageReportDto['limits'][number]>[];
}

export interface ResetAsked {
  readonly scope: ResetScope;
  /** Of a user an id or an address; left out for `all`. */
  readonly id?: string | undefined;
  readonly reason: string;
}

/** What a reset took back. */
export interface ResetShown {
  readonly id: string;
  readonly scope: ResetScope;
  readonly subject: string | null;
  readonly subjects: number;
  readonly calls: number;
  readonly tokens: number;
  readonly costUsd: string;
}

/** Shows and resets quotas. */
@Injectable()
export class QuotasDesk {
  constructor(
    private readonly users: UserFinder,
    private readonly usage: UsageReader,
    private readonly resets: QuotaResets,
    private readonly current: CurrentUsage,
  ) {}

  /** @throws CodedError `not_found` */
  async show(idOrEmail: string, month?: string): Promise<QuotaShown> {
    const user = await this.users.find(idOrEmail);
    const source = await this.current.source();
    const report = await this.usage.of({ userId: user.id }, month);
    return { user, source, ...report, limits: report.limits.map((limit) => limitShown(limit, source)) };
  }

  /**
   * Takes back what was used in the current period; holds on every server within a second.
   * @throws CodedError `not_found`; `store_unavailable` where Redis could not be told: the reset is in the ledger then,
   *   and once more changes nothing but that.
   */
  async reset({ scope, id, reason }: ResetAsked): Promise<ResetShown> {
    const subject = scope === 'user' && id !== undefined ? (await this.users.find(id)).id : id;
    const done = await this.resets.reset({ scope, id: subject, reason, actor: commandActor() });
    if (!done.countersTold) throw untold();
    const { subjects, calls, tokens, costNanoUsd } = done;
    const costUsd = formatUsd(costNanoUsd);
    return { id: done.id, scope, subject: subject ?? null, subjects, calls, tokens, costUsd };
  }
}

function untold(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The reset is in the database, but Redis cannot be reached, so the servers still count as before. Run the same command again when Redis is back.',
  );
}
