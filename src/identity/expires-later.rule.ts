import { Injectable } from '@nestjs/common';

import { type Fault } from '../errors.js';
import { type InputRule } from '../input-rules.js';
import { Clock } from '../rate-limiting/index.js';

interface Expiring {
  readonly expiresAt?: string | null;
}

/** What expires does so in the future. */
@Injectable()
export class ExpiresLater implements InputRule<Expiring> {
  readonly reads = ['expiresAt'];

  constructor(private readonly clock: Clock) {}

  faultsIn({ expiresAt }: Expiring): readonly Fault[] {
    const isPast = typeof expiresAt === 'string' && Date.parse(expiresAt) <= this.clock.now();
    return isPast ? [EXPIRED] : [];
  }
}

export const EXPIRED: Fault = { path: 'expiresAt', message: 'must be in the future' };
