import { Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { type Announced, type MessageStore } from '../messages/message.store.js';

import { type DueMessages } from './due-messages.js';
import { type MessageClaims } from './message-claims.js';
import { MessageQueue, type Receiver, type ReceiverInput } from './message-queue.port.js';
import { RabbitBroker } from './rabbit.broker.js';
import { RabbitReceiver } from './rabbit.receiver.js';
import { type RetiredQueues } from './retired-queues.js';

const SWEEP_EVERY_MS = 1_000;
const SWEEP_BATCH = 200;
/** Workspaces are deleted seldom, and their queues are in nobody's way. */
const FORGET_EVERY_MS = 5_000;
const FORGET_BATCH = 20;

/** What the queue on a broker works with. */
export interface RabbitQueueParts {
  readonly claims: MessageClaims;
  readonly due: DueMessages;
  readonly messages: MessageStore;
  readonly retired: RetiredQueues;
}

/**
 * The queue on RabbitMQ: one durable queue a workspace, which holds ids. What the broker has not confirmed it is told again;
 * what it has lost, and what is due while it is away, is found in the table by who has nothing to do.
 */
export class RabbitMessageQueue extends MessageQueue implements OnApplicationBootstrap {
  private readonly logger = new Logger('RabbitMQ');
  private readonly broker: RabbitBroker;
  private timer: NodeJS.Timeout | undefined;
  private forgotAt = -Infinity;
  /** Workspaces of which a worker has ended here since they were last looked at. */
  private readonly left = new Set<string>();

  constructor(
    url: string,
    private readonly parts: RabbitQueueParts,
  ) {
    super();
    this.broker = new RabbitBroker(url);
  }

  onApplicationBootstrap(): void {
    let sweeping = false;
    this.timer = setInterval(() => {
      if (sweeping || !this.broker.connected) return;
      sweeping = true;
      void this.sweep()
        .then(() => this.forgetRetired())
        .catch((error: unknown) => {
          this.logger.warn({ err: error }, 'The queue could not be looked after; trying on.');
        })
        .finally(() => (sweeping = false));
    }, SWEEP_EVERY_MS).unref();
  }

  async announce({ id, workspaceId }: Announced): Promise<void> {
    await this.broker.publish(workspaceId, id);
    await this.parts.messages.markAnnounced([id]);
  }

  receiver(input: ReceiverInput): Receiver {
    const { claims, due } = this.parts;
    return new RabbitReceiver(input, {
      ...{ claims, due, broker: this.broker },
      onClosed: () => this.left.add(input.workspaceId),
    });
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.tellLeft().catch(() => undefined);
    await this.broker.close();
  }

  /** Messages whose publication was not confirmed, and those whose time to be tried again has come. */
  private async sweep(): Promise<void> {
    const waiting = await this.parts.messages.unannounced(SWEEP_BATCH);
    const told = await Promise.allSettled(
      waiting.map(async ({ id, workspaceId }) => {
        await this.broker.publish(workspaceId, id);
        return id;
      }),
    );
    const ids = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (ids.length > 0) await this.parts.messages.markAnnounced(ids);
  }

  /** The queues of workspaces that were deleted, also while the broker was away. */
  private async forgetRetired(): Promise<void> {
    if (performance.now() - this.forgotAt < FORGET_EVERY_MS) return;
    this.forgotAt = performance.now();
    await this.tellLeft();
    for (const id of await this.parts.retired.due(FORGET_BATCH)) {
      try {
        await this.parts.retired.delete(id, () => this.broker.forget(id));
      } catch (error) {
        this.logger.warn(
          { err: error, workspace: id },
          'The queue of a deleted workspace could not be deleted; trying on.',
        );
      }
    }
  }

  private async tellLeft(): Promise<void> {
    const ids = [...this.left];
    if (ids.length === 0) return;
    this.left.clear();
    try {
      await this.parts.retired.deleteAgain(ids);
    } catch (error) {
      for (const id of ids) this.left.add(id);
      throw error;
    }
  }
}
