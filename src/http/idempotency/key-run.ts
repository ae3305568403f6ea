import { type CallContext, type CallEnding } from '../../rate-limiting/index.js';

import { type KeptAnswer, type RunEnd } from './keyed-request.js';

/** A plain answer may hold pictures. */
const MOST_PLAIN_BYTES = 16 * 1024 * 1024;
const MOST_STREAM_BYTES = 1024 * 1024;

/** What becomes of a key when its run has ended; `undecided`: the ledger will tell. */
export type KeyEnd = RunEnd | { readonly state: 'freed' } | { readonly state: 'undecided' };

/** An answer as it leaves: of a plain one its body, of a stream nothing, since that was recorded as it went. */
export interface LeavingAnswer {
  readonly status: number;
  readonly headers: KeptAnswer['headers'];
}

/**
 * The run of one request under its key: what it answers is recorded, and decides what becomes of the key.
 * @see docs/idempotency.md for the rules.
 */
export class RecordedRun {
  private frames: string[] | undefined = [];
  private bytes = 0;
  private ended = false;

  constructor(
    private readonly context: CallContext,
    private readonly onEnd: (end: KeyEnd) => Promise<void>,
  ) {}

  /** One event of a stream, as it is written. */
  record(frame: string): void {
    if (!this.frames) return;
    this.bytes += Buffer.byteLength(frame);
    if (this.bytes > MOST_STREAM_BYTES) this.frames = undefined;
    else this.frames.push(frame);
  }

  /** A stream is over. @param complete false where the client left before, or it broke in our hands. */
  streamEnded(answer: LeavingAnswer, complete: boolean): Promise<void> {
    const { ending } = this.context;
    if (!complete || ending === 'released' || ending === 'charging') return this.end(withoutAnswer(ending));
    if (!this.frames) return this.end({ state: 'unkept' });
    return this.end({ state: 'answered', answer: { ...answer, body: this.frames.join('') } });
  }

  /** A plain answer is about to be sent. Only text is kept. */
  answered(answer: LeavingAnswer, body: unknown): Promise<void> {
    if (answer.status < 200 || answer.status > 299) return this.end(withoutAnswer(this.context.ending));
    if (typeof body !== 'string' || Buffer.byteLength(body) > MOST_PLAIN_BYTES)
      return this.end({ state: 'unkept' });
    return this.end({ state: 'answered', answer: { ...answer, body } });
  }

  private async end(end: KeyEnd): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.onEnd(end);
  }
}

/** Nothing that could be given again: what was not charged runs again, what was is not. */
function withoutAnswer(ending: CallEnding | undefined): KeyEnd {
  if (ending === 'charged') return { state: 'lost' };
  return ending === 'charging' ? { state: 'undecided' } : { state: 'freed' };
}
