import { type DueMessages, type Sleeper } from './due-messages.js';
import { type MessageClaims } from './message-claims.js';
import { type Delivery, type Fate, type Receiver, type ReceiverInput } from './message-queue.port.js';
import { type RabbitBroker, type StopConsuming } from './rabbit.broker.js';
import { type RabbitLetter } from './rabbit-letter.js';
import { WakeUp } from './wake-up.js';

export interface RabbitReceiverParts {
  readonly claims: MessageClaims;
  readonly due: DueMessages;
  readonly broker: RabbitBroker;
  /** Called when it declares its queue no more. */
  readonly onClosed: () => void;
}

/** A worker's end of a queue on RabbitMQ: what the broker brings, and while it brings nothing what the table has. */
export class RabbitReceiver implements Receiver, Sleeper {
  private readonly wakeUp = new WakeUp();
  private readonly stopWatching: () => void;
  private readonly stopConsuming: StopConsuming;
  private readonly letters: RabbitLetter[] = [];
  private looks = false;
  private closed = false;

  constructor(
    private readonly input: ReceiverInput,
    private readonly parts: RabbitReceiverParts,
  ) {
    this.stopWatching = parts.due.watchFor(this);
    this.stopConsuming = parts.broker.consume(input.workspaceId, (letter) => {
      this.receive(letter);
    });
  }

  get workspaceId(): string {
    return this.input.workspaceId;
  }

  get waiting(): boolean {
    return this.wakeUp.waiting;
  }

  /** There is something in the table. */
  wake(): void {
    this.looks = true;
    this.wakeUp.call();
  }

  async next(): Promise<Delivery | undefined> {
    while (!this.closed) {
      const delivery = (await this.fromBroker()) ?? (await this.fromTable());
      if (delivery) return delivery;
      await this.wakeUp.wait();
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.stopWatching();
    this.wakeUp.call();
    for (const letter of this.letters) letter.giveBack();
    // A connection that is gone has ended its consumers by itself.
    await this.stopConsuming().catch(() => undefined);
    this.parts.onClosed();
  }

  private receive(letter: RabbitLetter): void {
    if (this.closed) {
      letter.giveBack();
      return;
    }
    this.letters.push(letter);
    this.wakeUp.call();
  }

  private async fromBroker(): Promise<Delivery | undefined> {
    for (let letter = this.letters[0]; letter; letter = this.letters[0]) {
      const message = await this.parts.claims.take(this.input, letter.messageId);
      // Not before the table was asked: what is thrown there must not lose it.
      this.letters.shift();
      if (message) return { message, done: (fate) => answer(letter, fate) };
      // Somebody has it or had it, or it is not due: then it is told of again.
      letter.acknowledge();
    }
    return undefined;
  }

  private async fromTable(): Promise<Delivery | undefined> {
    if (!this.looks) return undefined;
    this.looks = false;
    const message = await this.parts.claims.take(this.input);
    if (!message) return undefined;
    this.looks = true;
    const done = async (fate: Fate) => {
      if (fate === 'dead') await this.parts.broker.bury(message.id);
    };
    return { message, done };
  }
}

function answer(letter: RabbitLetter, fate: Fate): Promise<void> {
  if (fate === 'dead') letter.bury();
  else letter.acknowledge();
  return Promise.resolve();
}
