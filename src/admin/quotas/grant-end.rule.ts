import { Injectable } from '@nestjs/common';

import { CodedError, type Fault } from '../../errors.js';
import { type InputRule } from '../../input-rules.js';
import { Clock, type GrantedUnit, QuotaGrants, userId } from '../../rate-limiting/index.js';

interface Ending {
  readonly userId: string;
  readonly unit: GrantedUnit;
  readonly expiresAt?: string;
}

/** A grant ends with the user's period or rolling window at the latest. */
@Injectable()
export class GrantEnd implements InputRule<Ending> {
  readonly reads = ['userId', 'unit', 'expiresAt'];

  constructor(
    private readonly grants: QuotaGrants,
    private readonly clock: Clock,
  ) {}

  async faultsIn({ userId: id, unit, expiresAt }: Ending): Promise<readonly Fault[]> {
    const expiresAtMs = expiresAt === undefined ? NaN : Date.parse(expiresAt);
    // That one in the past is none is told without knowing whose it is.
    if (!(expiresAtMs > this.clock.now())) return [];
    try {
      return await this.grants.faultsOfEnd({ userId: userId(id), unit, expiresAtMs });
    } catch (error) {
      if (error instanceof CodedError && error.code === 'not_found') return [];
      throw error;
    }
  }
}
