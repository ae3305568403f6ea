import { type OnModuleInit } from '@nestjs/common';

import { type ChangeFeed } from '../../database/index.js';
import { type Announced } from '../messages/message.store.js';

import { type DueMessages, type Sleeper } from './due-messages.js';
import { type MessageClaims } from './message-claims.js';
import { type Delivery, MessageQueue, type Receiver, type ReceiverInput } from './message-queue.port.js';
import { WakeUp } from './wake-up.js';

const CHANGE = 'message';

/** What the queue without a broker works with. */
export interface PostgresQueueParts {
  readonly claims: MessageClaims;
  readonly due: DueMessages;
  readonly feed: ChangeFeed;
}

/** The queue without a broker: the table itself, and a notice that wakes who waits for a workspace's messages. */
export class PostgresMessageQueue extends MessageQueue implements OnModuleInit {
  private stopListening: () => void = () => undefined;

  constructor(private readonly parts: PostgresQueueParts) {
    super();
  }

  onModuleInit(): void {
    this.stopListening = this.parts.feed.onChange(({ kind, id }) => {
      if (kind === CHANGE) this.parts.due.wakeOne(id);
    });
  }

  close(): Promise<void> {
    this.stopListening();
    return Promise.resolve();
  }

  announce({ workspaceId }: Announced): Promise<void> {
    return this.parts.feed.publish({ kind: CHANGE, id: workspaceId });
  }

  receiver(input: ReceiverInput): Receiver {
    return new PostgresReceiver(input, this.parts);
  }
}

/** Takes what is due, and sleeps while nothing is. */
class PostgresReceiver implements Receiver, Sleeper {
  private readonly wakeUp = new WakeUp();
  private readonly stopWatching: () => void;
  private closed = false;

  constructor(
    private readonly input: ReceiverInput,
    private readonly parts: PostgresQueueParts,
  ) {
    this.stopWatching = parts.due.watchFor(this);
  }

  get workspaceId(): string {
    return this.input.workspaceId;
  }

  get waiting(): boolean {
    return this.wakeUp.waiting;
  }

  wake(): void {
    this.wakeUp.call();
  }

  async next(): Promise<Delivery | undefined> {
    while (!this.closed) {
      const message = await this.parts.claims.take(this.input);
      // Its lease frees it where nobody could say what came of it: there is nothing else to forget.
      if (message) return { message, done: () => Promise.resolve() };
      await this.wakeUp.wait();
    }
    return undefined;
  }

  close(): Promise<void> {
    this.closed = true;
    this.stopWatching();
    this.wakeUp.call();
    return Promise.resolve();
  }
}
