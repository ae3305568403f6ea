import { type Channel, type ConsumeMessage } from 'amqplib';

/** A message's id as it came from the broker. It can be answered only on the channel that it came on. */
export class RabbitLetter {
  readonly messageId: string;
  private answered = false;

  constructor(
    private readonly channel: Channel,
    private readonly delivered: ConsumeMessage,
  ) {
    this.messageId = delivered.content.toString('utf8');
  }

  /** The broker may forget it. */
  acknowledge(): void {
    this.answer(() => {
      this.channel.ack(this.delivered);
    });
  }

  /** It goes to the dead letters. */
  bury(): void {
    this.answer(() => {
      this.channel.nack(this.delivered, false, false);
    });
  }

  /** Somebody else is to have it. */
  giveBack(): void {
    this.answer(() => {
      this.channel.nack(this.delivered, false, true);
    });
  }

  /**
   * The first answer holds: the broker closes a channel on which it hears two. One that is gone has taken its deliveries
   * back already: they come again, and are found to be done.
   */
  private answer(say: () => void): void {
    if (this.answered) return;
    this.answered = true;
    try {
      say();
    } catch {
      // As above.
    }
  }
}
