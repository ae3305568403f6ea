import { type DataSource } from 'typeorm';

import { type ChangeFeed } from '../../database/index.js';

import { ChangeRecorder, type OpenQuotaChange, type QuotaChangeContext } from './change-recorder.port.js';

/** Changes where the host keeps no log: an adjustment's own row tells who and why all the same. */
export class UnloggedChanges extends ChangeRecorder {
  constructor(
    private readonly dataSource: DataSource,
    private readonly feed: ChangeFeed,
  ) {
    super();
  }

  override run<T>(_context: QuotaChangeContext, work: (change: OpenQuotaChange) => Promise<T>): Promise<T> {
    return this.dataSource.transaction((manager) =>
      work({
        manager,
        record: () => Promise.resolve(),
        announce: (kind, id) => this.feed.publish({ kind, id }, manager),
      }),
    );
  }
}
