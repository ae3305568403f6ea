import { type CodedError } from '../../errors.js';
import { codedErrorOf } from '../../http/index.js';
import { type ChatPiece } from '../../generation/index.js';
import { type WireObject } from '../../providers/index.js';
import {
  type ActualUsage,
  type CallContext,
  formatUsd,
  runInCallContext,
  SESSION_LIMIT,
} from '../../rate-limiting/index.js';

import { type Authorize, type Session } from '../session.js';
import { endingAfter } from '../wire/close-codes.js';
import { newId, type ServerEvent } from '../wire/server-event.js';

import { type Item } from './conversation.js';
import { ResponseWriter } from './response-writer.js';

/** What makes a response, and meters it. */
export interface MeteredText {
  stream(body: WireObject, model: string | undefined): Promise<AsyncIterable<ChatPiece>>;
}

/** One response that is asked for. */
export interface ResponseAsked {
  readonly body: WireObject;
  readonly conversationId: string | null;
  readonly metadata: unknown;
  readonly eventId: string | undefined;
  /** What it says becomes part of the conversation. @returns the item that it stands after */
  keep(item: Item): string | null;
}

export type FunctionCall = Extract<Item, { type: 'function_call' }>;

interface Source {
  readonly model: string | undefined;
  readonly authorize: Authorize;
}

/** Makes one response: reserved, streamed as events, settled, and only then done. */
export class ResponseRun {
  readonly id = newId('resp');
  private readonly cut = new AbortController();
  private readonly writer = new ResponseWriter(this.id);
  private readonly call: CallContext;
  private isWhole = false;

  constructor(
    private readonly text: MeteredText,
    private readonly session: Session,
    private readonly source: Source,
    private readonly asked: ResponseAsked,
  ) {
    const { caller, requestId } = session.facts;
    this.call = { requestId, caller, hangUp: { signal: this.cut.signal } };
  }

  /** The functions that it called; none where it did not come to its end. */
  get calls(): FunctionCall[] {
    if (!this.isWhole) return [];
    return this.writer.items().flatMap((item) => (item.type === 'function_call' ? [item] : []));
  }

  get isCut(): boolean {
    return this.cut.signal.aborted;
  }

  /** Ends it as far as it is: what was sent is paid. */
  cancel(): void {
    this.cut.abort();
  }

  /** Resolves when all of it is told and settled. */
  run(): Promise<void> {
    return runInCallContext(this.call, () => this.make());
  }

  private async make(): Promise<void> {
    let pieces: AsyncIterable<ChatPiece>;
    try {
      await this.source.authorize();
      pieces = await this.text.stream(this.asked.body, this.source.model);
    } catch (error) {
      await this.refuse(codedErrorOf(error));
      return;
    }
    await this.tell({ type: 'response.created', response: this.view('in_progress') });
    let used: ChatPiece['used'] | undefined;
    let failed: CodedError | undefined;
    try {
      for await (const piece of pieces) {
        used = piece.used;
        for (const event of this.writer.read(piece.chunk.raw)) await this.tell(event);
        if (this.session.isOver) break;
      }
    } catch (error) {
      failed = codedErrorOf(error);
    }
    await this.finish(used?.(), failed);
  }

  /** Nothing came of it, and nothing is charged. What the session cannot go on after ends it. */
  private async refuse(error: CodedError): Promise<void> {
    if (this.cut.signal.aborted) {
      await this.session.send({ type: 'response.done', response: this.view('cancelled') });
      return;
    }
    if (endingAfter(error.code) === undefined && isOfProvider(error)) {
      await this.tell({ type: 'response.created', response: this.view('in_progress') });
      await this.finish(undefined, error);
      return;
    }
    // Not awaited: the end of a session waits for its responses.
    void this.session.fail(error, this.asked.eventId);
  }

  private async finish(used: ActualUsage | undefined, failed: CodedError | undefined): Promise<void> {
    const whole = failed === undefined && !this.cut.signal.aborted;
    this.isWhole = whole;
    for (const event of this.writer.end(whole)) await this.tell(event);
    const status = this.statusOf(failed);
    const response = { ...this.view(status, failed), usage: used ? usageView(used) : null };
    const cuota = { costUsd: formatUsd(used?.costNanoUsd ?? 0), sessionCostUsd: this.sessionCost() };
    await this.session.send({ type: 'response.done', response, cuota });
  }

  private statusOf(failed: CodedError | undefined): string {
    if (this.cut.signal.aborted) return 'cancelled';
    if (failed) return 'failed';
    return this.writer.stop === 'completed' ? 'completed' : 'incomplete';
  }

  /** An item enters the conversation when the response has begun it, and is there in full when it is done. */
  private async tell(event: ServerEvent): Promise<void> {
    await this.session.send(event);
    if (event.type === 'response.output_item.added')
      await this.session.send({ type: 'conversation.item.added', previous_item_id: null, item: event.item });
    if (event.type !== 'response.output_item.done') return;
    const done = this.writer.items().find(({ id }) => id === idOf(event.item));
    const previous = done ? this.asked.keep(done) : null;
    await this.session.send({ type: 'conversation.item.done', previous_item_id: previous, item: event.item });
  }

  private view(status: string, failed?: CodedError): Record<string, unknown> {
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      status_details: this.detailsOf(status, failed),
      output: status === 'in_progress' ? [] : this.writer.items(status === 'completed'),
      conversation_id: this.asked.conversationId,
      output_modalities: ['text'],
      metadata: this.asked.metadata ?? null,
      usage: null,
    };
  }

  private detailsOf(status: string, failed: CodedError | undefined): unknown {
    if (status === 'cancelled') return { type: status, reason: 'client_cancelled' };
    if (status === 'incomplete') return { type: status, reason: this.writer.stop };
    if (!failed) return null;
    return { type: 'failed', error: { type: 'server_error', code: failed.code, message: failed.message } };
  }

  /** With what this response came to; what else is under way in the session is not in it. */
  private sessionCost(): string {
    const limit = this.call.limits?.find(({ name }) => name === SESSION_LIMIT);
    return formatUsd(limit?.used ?? 0);
  }
}

function usageView({ inputTokens, outputTokens, totalTokens }: ActualUsage): Record<string, unknown> {
  return {
    total_tokens: totalTokens ?? inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: { text_tokens: inputTokens, audio_tokens: 0, cached_tokens: 0 },
    output_token_details: { text_tokens: outputTokens, audio_tokens: 0 },
  };
}

function isOfProvider({ code }: CodedError): boolean {
  return code === 'provider_failed' || code === 'providers_exhausted' || code === 'provider_timeout';
}

function idOf(item: unknown): string {
  return typeof item === 'object' && item !== null && 'id' in item ? String(item.id) : '';
}
