import { Injectable } from '@nestjs/common';

import { ChangeFeed } from '../../database/index.js';
import { WORKSPACE_CHANGE } from '../members/stored-membership.js';

const CHANGE = 'workers';

/** Tells every instance that workers are wanted otherwise, or that a slot is free: it need not wait for its next look. */
@Injectable()
export class WorkerChanges {
  constructor(private readonly feed: ChangeFeed) {}

  async tell(workspaceId: string): Promise<void> {
    await this.feed.publish({ kind: CHANGE, id: workspaceId });
  }

  /** @returns ends it */
  onChange(listener: () => void): () => void {
    return this.feed.onChange(({ kind }) => {
      // A workspace that was just registered has workers too.
      if (kind === CHANGE || kind === WORKSPACE_CHANGE) listener();
    });
  }
}
