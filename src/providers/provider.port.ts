import { type WebSocket } from 'ws';

import { type ByKind, type TokenCounts } from '../pricing/index.js';
import { type Operation } from '../rate-limiting/index.js';
import { ProviderError } from './provider-error.js';
import { type VideoMaker } from './video.port.js';

/** A JSON object in OpenAI's wire format. Fields we do not know pass through untouched. */
export type WireObject = Readonly<Record<string, unknown>>;

/** One call to a provider. */
export interface ProviderCall {
  /** The client's body. `model` and, where it matters, `stream` are replaced; all else goes upstream as it is. */
  readonly body: WireObject;
  /** The name that the provider knows the model by. */
  readonly model: string;
  /** Aborting closes the connection at once; the call rejects with the reason `aborted`. */
  readonly signal: AbortSignal;
  /** For the whole answer; of a stream, for its first chunk and then for each next one. */
  readonly timeoutMs?: number;
}

/** What the provider counted. An explicit zero is a count; where it counted nothing there is no `ProviderUsage`. */
export interface ProviderUsage {
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  /** The provider's own total, which may be more than input and output. */
  readonly totalTokens: number;
  /** How many of them are no text, where the provider says so. */
  readonly apart?: ByKind<TokenCounts>;
}

/** The question for an image that an answer names by its address. */
export interface ImageLinkCall {
  readonly url: string;
  readonly signal: AbortSignal;
  /** Until it begins, and then for each next piece. */
  readonly timeoutMs?: number;
}

export interface ProviderAnswer {
  /** The provider's own answer, untouched. */
  readonly body: WireObject;
  readonly usage?: ProviderUsage;
}

/** One event of a stream. */
export interface ChatChunk {
  /** As received. */
  readonly raw: WireObject;
  /** Cumulative: where several chunks have one, the last counts. */
  readonly usage?: ProviderUsage;
  /** The chunk carries usage and nothing else: it is for us, and for clients that asked for it. */
  readonly usageOnly: boolean;
  /** All text this chunk delivers, of every choice, tool-call arguments and reasoning too: for estimating. */
  readonly deltaText: string;
}

/** A model that a provider serves. */
export interface ProviderModel {
  readonly name: string;
  readonly alias?: string;
  readonly operations: readonly Operation[];
  /** The most output tokens of one answer, where it is known. */
  readonly maxOutputTokens?: number;
  /** It answers realtime sessions, and nothing else. */
  readonly realtime?: boolean;
}

/** The field that caps an answer's tokens. */
export type OutputCapField = 'max_completion_tokens' | 'max_tokens';

/** One event of `/v1/responses`, as a stream has them. */
export interface ResponseEvent {
  /** As received; `type` says what it is. */
  readonly raw: WireObject;
  /** On the last event. */
  readonly usage?: ProviderUsage;
  /** All text this event delivers, arguments and reasoning too: for estimating. */
  readonly deltaText: string;
}

/** The wish for a realtime session. */
export interface RealtimeCall {
  /** The name that the provider knows the model by. */
  readonly model: string;
  /** Ends the opening, and nothing after it. */
  readonly signal: AbortSignal;
}

/** A realtime session that is being opened. Whoever listens to its socket from now on misses nothing. */
export interface RealtimeSocket {
  readonly socket: WebSocket;
  /** Resolves when it is open; rejects with a `ProviderError`. */
  readonly opened: Promise<void>;
}

/**
 * What an adapter implements: of the operations those that the provider has, the others are absent. Each rejects with a
 * `ProviderError` and with nothing else. Adapters do not retry, do not count and know no user.
 */
export interface ModelProvider {
  /** The name in the settings, in lower case. */
  readonly name: string;
  /** Where it is reached; absent for one that lives in this process. */
  readonly baseUrl?: string;

  /** What it serves; of several models for one operation the first is the default. */
  models(): readonly ProviderModel[];

  /** For `chat`; of `respond` it is always `max_output_tokens`. */
  outputCapField(model: string): OutputCapField;

  chat?(call: ProviderCall): Promise<ProviderAnswer>;

  /**
   * Resolves with the first chunk at hand: a failure before it rejects here, one after it rejects the iteration. Usage
   * is always asked for. The iterable is read once, to its end, or left by `break`, or ended by the signal.
   */
  chatStream?(call: ProviderCall): Promise<AsyncIterable<ChatChunk>>;

  /** `POST /v1/responses`. */
  respond?(call: ProviderCall): Promise<ProviderAnswer>;

  /**
   * As `chatStream`, but open only once there is more than an announcement. Its last event is `response.completed` or
   * `response.incomplete`; `response.failed` and `error` reject.
   */
  respondStream?(call: ProviderCall): Promise<AsyncIterable<ResponseEvent>>;

  embed?(call: ProviderCall): Promise<ProviderAnswer>;

  image?(call: ProviderCall): Promise<ProviderAnswer>;

  /**
   * The bytes of an image to which `image` answered with a link. Only from where this provider keeps what it made: a link
   * that leads elsewhere rejects as `rubbish`.
   */
  fetchImage?(call: ImageLinkCall): Promise<AsyncIterable<Uint8Array>>;

  readonly videos?: VideoMaker;

  /** Opens a realtime session with a model. */
  realtime?(call: RealtimeCall): RealtimeSocket;
}

/** What a call rejects with at a provider that lacks the verb: the next one is asked. */
export function lacks(provider: ModelProvider, verb: string): Promise<never> {
  const details = { reason: 'not_found', neverSent: true } as const;
  return Promise.reject(new ProviderError(provider.name, `does not serve ${verb}`, details));
}
