import { costOf, dearestRates, type ModelPrice, ratesFor } from '../../pricing/index.js';
import { type Candidate, type ProviderUsage } from '../../providers/index.js';
import {
  type CallEstimate,
  type Caller,
  type RateLimitingService,
  type Reservation,
  reserveCall,
  type UsageStatus,
} from '../../rate-limiting/index.js';

import { NextInput } from './next-input.js';
import { type Delivered, usageToPay } from './realtime-usage.js';

/** Whom the responses of a session are made by, and for whom. */
export interface Metered extends Candidate {
  readonly price: ModelPrice | undefined;
  readonly caller: Caller;
  readonly minOutputTokens: number;
  /** Whether there was any sound in the session so far. */
  hadSound(): boolean;
}

/** What is held for a response that has not begun. */
interface Held {
  readonly reservation: Reservation;
  /** As estimated, without the room that is held beside it. */
  readonly inputTokens: number;
  /** Where the conversation stood when it was asked for; absent where nobody asked. */
  readonly askedAt?: number;
}

interface Promised extends Held {
  /** The event that asked. */
  readonly eventId: string;
}

interface Open extends Held {
  delivered: Delivered;
}

/** The most that a realtime model says in one response, where it is not known. */
const MOST_OUTPUT_TOKENS = 4096;
const NOTHING: Delivered = { tokens: 0, soundTokens: 0 };
/** Held beside what is known, so that not every word needs another reservation: ten seconds of sound. */
const ROOM_TOKENS = 100;

/**
 * What a session holds for its responses. One is held ahead at all times, since a provider that hears the client stop
 * makes a response by itself; what it may say at most is what was granted for that one.
 */
export class ResponseHolds {
  private readonly input = new NextInput();
  private next: Held | undefined;
  /** For responses that were asked for and have not begun, in the order in which they were; a client may name them alike. */
  private readonly promised: Promised[] = [];
  private readonly open = new Map<string, Open>();
  /** Both directions ask for holds: one after the other, or what the one made would be forgotten by the other. */
  private line: Promise<unknown> = Promise.resolve();
  private over = false;

  constructor(
    private readonly limiting: RateLimitingService,
    private readonly of: Metered,
  ) {}

  /** More was said that the next response will read. */
  noteInput(tokens: number): void {
    this.input.note(tokens);
  }

  /**
   * Holds enough for the next response, whoever asks for it.
   * @returns the output tokens that it may have.
   * @throws LimitExceeded, and else as a reserve does: nothing is held then.
   */
  ahead(): Promise<number> {
    return this.inLine(async () => (await this.hold())?.reservation.grantedOutputTokens ?? 0);
  }

  /**
   * As `ahead`, for the response that an event asks for: what is held stays its own until it begins.
   * @param ownTokens what this one reads beside the conversation.
   */
  promise(eventId: string, ownTokens: number): Promise<number> {
    return this.inLine(async () => {
      const held = await this.hold(ownTokens);
      if (!held) return 0;
      this.next = undefined;
      const inputTokens = this.input.tokens + Math.ceil(ownTokens);
      this.promised.push({ ...held, eventId, inputTokens, askedAt: this.input.said });
      return held.reservation.grantedOutputTokens;
    });
  }

  /** The provider refused what an event asked for. */
  async refused(eventId: unknown): Promise<void> {
    const at = this.promised.findIndex((promised) => promised.eventId === eventId);
    const [held] = at < 0 ? [] : this.promised.splice(at, 1);
    if (held) await this.limiting.release(held.reservation.id);
  }

  /**
   * A response has begun.
   * @returns whether it was asked for.
   * @throws as `ahead`, for one that nothing was held for.
   */
  begun(responseId: string): Promise<boolean> {
    return this.inLine(async () => {
      // Named twice by its provider it is one response all the same.
      if (this.open.has(responseId)) return true;
      const first = this.promised.shift();
      const held = first ?? (await this.hold());
      if (!first) this.next = undefined;
      const inputTokens = first?.inputTokens ?? this.input.tokens;
      if (held) this.open.set(responseId, { ...held, inputTokens, delivered: NOTHING });
      return first !== undefined;
    });
  }

  /** Of a response, or of whichever there is where an event names none. */
  delivered(responseId: unknown, { tokens, soundTokens }: Delivered): void {
    const open = typeof responseId === 'string' ? this.open.get(responseId) : undefined;
    if (!open) return;
    const { delivered } = open;
    open.delivered = {
      tokens: delivered.tokens + tokens,
      soundTokens: delivered.soundTokens + soundTokens,
    };
  }

  /**
   * A response has ended: its provider's count wins; without one what was delivered is paid.
   * @param isApart it is not of the conversation, so that the next one does not read it.
   */
  async ended(responseId: string, usage: ProviderUsage | undefined, isApart: boolean): Promise<void> {
    const open = this.open.get(responseId);
    this.open.delete(responseId);
    if (!open) return;
    const { askedAt, delivered } = open;
    if (!isApart) this.input.answered({ askedAt, usage, deliveredTokens: delivered.tokens });
    await this.settle(open, usage, 'settled');
  }

  /** All is over: what was delivered is paid, the rest is given back. */
  end(): Promise<void> {
    return this.inLine(async () => {
      this.over = true;
      const begun = [...this.open.values()];
      const unused = [...this.promised.splice(0), ...(this.next ? [this.next] : [])];
      this.open.clear();
      this.next = undefined;
      await Promise.all([
        ...begun.map((open) => this.settle(open, undefined, 'failed_after_output')),
        ...unused.map(({ reservation }) => this.limiting.release(reservation.id)),
      ]);
    });
  }

  /** What is held for the next one, made larger where more was said since; nothing once all is over. */
  private async hold(ownTokens = 0): Promise<Held | undefined> {
    const inputTokens = this.input.tokens + Math.ceil(ownTokens);
    const held = this.next;
    if (this.over || (held && held.reservation.estimate.inputTokens >= inputTokens)) return held;
    this.next = undefined;
    if (held) await this.limiting.release(held.reservation.id);
    const { caller } = this.of;
    const asked = {
      caller,
      operation: 'llm_call',
      estimate: this.estimate(inputTokens + ROOM_TOKENS),
    } as const;
    const reservation = await reserveCall(this.limiting, asked, {});
    this.next = { reservation, inputTokens };
    return this.next;
  }

  private inLine<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.line.then(work);
    this.line = done.catch(() => undefined);
    return done;
  }

  private async settle(open: Open, counted: ProviderUsage | undefined, status: UsageStatus): Promise<void> {
    const { reservation, inputTokens, delivered } = open;
    const { id } = reservation;
    if (!counted && delivered.tokens === 0) {
      await this.limiting.release(id);
      return;
    }
    const { provider, model, price } = this.of;
    const usage = usageToPay(counted, { inputTokens, delivered, hadSound: this.of.hadSound() });
    const told = {
      provider: provider.name,
      model: model.name,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      totalTokens: usage.totalTokens,
      costNanoUsd: price ? costOf(price, usage) : 0,
      estimated: counted === undefined,
    };
    await this.limiting.settle(id, told, status);
  }

  /** Whether it will be text or sound that it reads and says nobody knows: the dearest of them is held. */
  private estimate(inputTokens: number): CallEstimate {
    const { price, provider, model, minOutputTokens } = this.of;
    const rates = price && dearestRates(ratesFor(price, inputTokens));
    return {
      inputTokens,
      output: { max: model.maxOutputTokens ?? MOST_OUTPUT_TOKENS, min: minOutputTokens, choices: 1 },
      baseCostNanoUsd: Math.ceil(inputTokens * (rates?.inputNanoPerToken ?? 0)),
      outputCostNanoUsd: rates?.outputNanoPerToken ?? 0,
      priced: price !== undefined,
      count: 1,
      provider: provider.name,
      model: model.name,
    };
  }
}
