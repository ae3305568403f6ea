import { type ProviderUsage } from '../../providers/index.js';

/** What came of a response, as far as the next one reads it. */
interface Answered {
  /** Where `said` stood when it was asked for; absent for one that the provider made by itself. */
  readonly askedAt: number | undefined;
  readonly usage: ProviderUsage | undefined;
  readonly deliveredTokens: number;
}

/** What the next response of a session reads, at the most: what the provider counted last, and what was said since then. */
export class NextInput {
  /** All that was ever said, in tokens as estimated. */
  private total = 0;
  private counted = 0;
  /** Where `total` stood when the response was asked for that `counted` is of. */
  private countedAt = 0;
  private endedAt = 0;

  get tokens(): number {
    return Math.ceil(this.counted + this.total - this.countedAt);
  }

  /** How much was said so far: a response that is asked for now has read all of it. */
  get said(): number {
    return this.total;
  }

  /** More was said that it will read. */
  note(tokens: number): void {
    this.total += tokens;
  }

  /** A response of the conversation has ended: the next one reads what this one read and said. */
  answered({ askedAt, usage, deliveredTokens }: Answered): void {
    // One that failed may be counted with nothing: the conversation is there all the same.
    if (usage && usage.inputTokens > 0) {
      this.counted = usage.inputTokens + usage.outputTokens;
      // What was under way to a provider that began by itself may have come too late for it.
      this.countedAt = askedAt ?? this.endedAt;
    } else this.counted += deliveredTokens;
    this.endedAt = this.total;
  }
}
