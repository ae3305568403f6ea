import { Injectable, Logger } from '@nestjs/common';

import { isRefusal, wasNeverAsked } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import {
  type Page,
  pageOf,
  type PageRequest,
  type Principal,
  WorkspaceMembership,
} from '../../identity/index.js';
import { ProviderRouter } from '../../providers/index.js';
import {
  Clock,
  currentCallContext,
  newReservationId,
  noteEnding,
  runInCallContext,
  storeUnavailable,
} from '../../rate-limiting/index.js';
import { inSpan, traceparentNow } from '../../telemetry/index.js';
import { WorkspaceAccess } from '../members/workspace-access.js';
import { MessageQueue } from '../queue/message-queue.port.js';
import { unknownWorkspace } from '../workspaces/workspace.store.js';

import { type MessageWish } from './message.entity.js';
import { type Message, MessageStore, type NewMessage, type SeenMessage } from './message.store.js';
import { MessageWithdrawals } from './message-withdrawals.js';
import { MESSAGE_STAGES, type MessageStatus, stagesOf } from './message-stage.js';

/** What a member publishes, and where. */
export interface Publication {
  readonly workspaceId: string;
  readonly wish: MessageWish;
  readonly sequenceIndex: number | null;
  readonly htmlTag: string | null;
}

/** Which of a workspace's messages. */
export interface MessageSearch {
  readonly workspaceId: string;
  readonly status?: MessageStatus | undefined;
}

/** Messages: stored at once, answered by the workers of their workspace. */
@Injectable()
export class MessagesService {
  private readonly logger = new Logger('Messages');

  constructor(
    private readonly messages: MessageStore,
    private readonly withdrawals: MessageWithdrawals,
    private readonly queue: MessageQueue,
    private readonly memberships: WorkspaceMembership,
    private readonly access: WorkspaceAccess,
    private readonly router: ProviderRouter,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores a message: from then on it is answered, or fails, whoever dies. What that costs is reserved when its turn comes.
   * @throws CodedError `not_found` for a workspace that is not the user's, and a model that nobody serves; `store_unavailable`.
   */
  async publish(publication: Publication, { userId }: Principal): Promise<string> {
    const { workspaceId, wish } = publication;
    if (!(await this.memberships.has(workspaceId, userId))) throw unknownWorkspace(workspaceId);
    const call = currentCallContext();
    const caller = { ...call?.caller, workspaceId };
    // Asked as it will be: who serves a model may be the workspace's own affair.
    await runInCallContext({ ...call, caller }, () =>
      this.router.candidates({ operation: 'llm_call', model: wish.model }),
    );
    // A request under an Idempotency-Key is known by this id: while there is such a message it is not made again.
    const id = call?.nextReservationId ?? newReservationId(this.clock.now());
    await inSpan('publish', async (span) => {
      span?.setAttribute('cuota.message_id', id);
      await this.store({ ...publication, id, caller, traceparent: traceparentNow() ?? null });
    });
    this.announce({ id, workspaceId });
    return id;
  }

  /** @throws CodedError `not_found`, also for one of a workspace that is not the caller's. */
  async find(id: string, principal: Principal): Promise<Message> {
    const message = await this.messages.find(id);
    if (message && (await this.access.isMember(message.workspaceId, principal))) return message;
    throw new CodedError('not_found', `There is no message ${id} of yours.`);
  }

  /** The newest first. @throws CodedError `not_found` for a workspace that is not the caller's. */
  async search(
    { workspaceId, status }: MessageSearch,
    principal: Principal,
    page: PageRequest,
  ): Promise<Page<SeenMessage>> {
    await this.access.requireMember(workspaceId, principal);
    const stages = status === undefined ? MESSAGE_STAGES : stagesOf(status);
    return pageOf(await this.messages.newest(workspaceId, { ...page, stages }), page.limit);
  }

  private async store(message: NewMessage): Promise<void> {
    let stored: boolean;
    try {
      stored = await this.messages.insert(message);
    } catch (error) {
      const certain = isRefusal(error) || wasNeverAsked(error);
      if (!certain && (await this.wasStored(message))) return;
      throw storeUnavailable(error);
    }
    if (!stored) throw unknownWorkspace(message.workspaceId);
  }

  /** An insert was not answered. Who published it is told that nothing came of it, and will publish it again: so that must be. */
  private async wasStored(message: NewMessage): Promise<boolean> {
    const fate = await this.withdrawals.withdraw(message);
    const call = currentCallContext();
    // Under an Idempotency-Key it must not run anew before that is known.
    if (call && fate === 'unknown') noteEnding(call, 'charging');
    return fate === 'taken';
  }

  /** Not waited for: it is stored, and where nobody could be told of it now, it is found. */
  private announce(message: Pick<Message, 'id' | 'workspaceId'>): void {
    this.queue.announce(message).catch((error: unknown) => {
      this.logger.warn({ err: error, message: message.id }, 'The queue could not be told of a message yet.');
    });
  }
}
