import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { Authenticator, WorkspaceMembership } from '../../identity/index.js';

import { type Message } from './message.store.js';

/** Whether a message may still be answered: who could not publish it any more is not to spend for it either. */
@Injectable()
export class PublisherLeave {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly memberships: WorkspaceMembership,
  ) {}

  /** @throws CodedError `forbidden`; `store_unavailable` where that cannot be asked. */
  async require({ caller, workspaceId }: Pick<Message, 'caller' | 'workspaceId'>): Promise<void> {
    const found = await this.authenticator.identifyAgain(caller);
    if (found.kind === 'refused') {
      throw new CodedError('forbidden', `Who published this may not call any more. ${found.why}`);
    }
    if (await this.memberships.has(workspaceId, found.principal.userId)) return;
    throw new CodedError('forbidden', `Who published this is not of the workspace ${workspaceId} any more.`);
  }
}
