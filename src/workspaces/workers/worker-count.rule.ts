import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { type Fault } from '../../errors.js';
import { type InputRule } from '../../input-rules.js';

/** One workspace has no more workers than the operator lets it. */
@Injectable()
export class WorkerCount implements InputRule<{ count: number }> {
  readonly reads = ['count'];

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  faultsIn({ count }: { count: number }): readonly Fault[] {
    const { maxPerWorkspace } = this.settings.workers;
    if (count <= maxPerWorkspace) return [];
    const message = `must not be greater than ${maxPerWorkspace} (WORKERS_MAX_PER_WORKSPACE)`;
    return [{ path: 'count', message }];
  }
}
