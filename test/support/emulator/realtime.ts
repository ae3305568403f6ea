import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import { isJson, type Json, numberOf } from './wire.js';

/** How the next response comes, where not as a healthy provider's. */
export interface RealtimeBehaviour {
  /** One word each; 12 unless said. The cap holds. */
  readonly outputTokens?: number;
  /** What it counts; told how many words it said where it asks. */
  readonly usage?: Json | 'none' | ((outputTokens: number) => Json);
  /** Destroys the connection after so many words. */
  readonly cutAfter?: number;
  /** Says no more after so many words. */
  readonly hangAfter?: number;
  /** Says nothing to what asked for it. */
  readonly ignores?: boolean;
  /** What is no event, instead of a response. */
  readonly rubbish?: string;
}

const WORDS = [' one', ' two', ' three', ' four', ' five', ' six', ' seven', ' eight'];

/** The realtime sessions of the emulated provider. */
export class EmulatedRealtime {
  readonly sessions: EmulatedSession[] = [];
  /** The status with which handshakes are refused. */
  refuses: number | undefined;
  /** What a new session says of itself, beside its type. */
  begins: Json = {};
  private readonly queue: RealtimeBehaviour[] = [];
  private readonly sockets = new WebSocketServer({ noServer: true });

  next(...behaviours: RealtimeBehaviour[]): void {
    this.queue.push(...behaviours);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.refuses !== undefined) {
      const body = '{"error":{"message":"Incorrect API key provided: sk-upst****cret."}}';
      socket.end(`HTTP/1.1 ${this.refuses} Refused\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { begins } = this;
      this.sessions.push(
        new EmulatedSession(webSocket, { request, begins, next: () => this.queue.shift() ?? {} }),
      );
    });
  }

  stop(): void {
    for (const { socket } of this.sessions) socket.terminate();
  }
}

/** One of them, as the provider sees it. */
export class EmulatedSession {
  /** All that was said to it. */
  readonly heard: Json[] = [];
  closed = false;
  private session: Json = {};
  private responses = 0;

  constructor(
    readonly socket: WebSocket,
    private readonly opening: {
      readonly request: IncomingMessage;
      readonly begins: Json;
      readonly next: () => RealtimeBehaviour;
    },
  ) {
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const event: unknown = JSON.parse(data.toString('utf8'));
      if (isJson(event)) this.hear(event);
    });
    const session = { type: 'realtime', object: 'realtime.session', ...opening.begins };
    this.say({ type: 'session.created', session });
  }

  get request(): IncomingMessage {
    return this.opening.request;
  }

  /** The client stopped speaking: a response that nobody asked for. */
  respond(asked: Json = {}): void {
    const behaviour = this.opening.next();
    if (behaviour.rubbish !== undefined) {
      this.socket.send(behaviour.rubbish);
      return;
    }
    if (behaviour.ignores === true) return;
    const id = `resp_${++this.responses}`;
    const cap = numberOf(asked.max_output_tokens) ?? numberOf(this.session.max_output_tokens) ?? 4096;
    const tokens = Math.min(behaviour.outputTokens ?? 12, cap);
    this.say({ type: 'response.created', response: { id, status: 'in_progress', usage: null } });
    for (let at = 0; at < tokens; at++) {
      if (behaviour.cutAfter === at) {
        this.socket.terminate();
        return;
      }
      if (behaviour.hangAfter === at) return;
      this.say({ type: 'response.output_text.delta', response_id: id, delta: WORDS[at % WORDS.length] });
    }
    const usage = usageAfter(behaviour, tokens);
    const response = { id, status: 'completed', ...(usage !== 'none' && { usage }) };
    this.say({ type: 'response.done', response });
  }

  say(event: Json): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(event));
  }

  private hear(event: Json): void {
    this.heard.push(event);
    if (event.type === 'session.update' && isJson(event.session)) {
      this.session = { ...this.session, ...event.session };
      this.say({ type: 'session.updated', session: this.session });
    }
    if (event.type === 'conversation.item.create')
      this.say({ type: 'conversation.item.added', item: event.item });
    if (event.type === 'response.create') this.respond(isJson(event.response) ? event.response : {});
  }
}

function usageAfter({ usage }: RealtimeBehaviour, outputTokens: number): Json | 'none' {
  if (usage === undefined) return usageOf(20, outputTokens);
  return typeof usage === 'function' ? usage(outputTokens) : usage;
}

/** Tokens of one kind: read, read from the cache (a part of it), said. */
export interface KindCount {
  readonly input?: number;
  readonly cached?: number;
  readonly output?: number;
}

/** A usage that tells each kind apart, as OpenAI's realtime models do. */
export function usageByKind({ text = {}, audio = {}, image = {} }: Record<string, KindCount>): Json {
  const kinds = [text, audio, image];
  const sum = (of: keyof KindCount) => kinds.reduce((total, kind) => total + (kind[of] ?? 0), 0);
  const details = (of: keyof KindCount) => ({
    text_tokens: text[of] ?? 0,
    audio_tokens: audio[of] ?? 0,
    image_tokens: image[of] ?? 0,
  });
  const [input_tokens, output_tokens] = [sum('input'), sum('output')];
  const cached = { cached_tokens: sum('cached'), cached_tokens_details: details('cached') };
  return {
    ...{ total_tokens: input_tokens + output_tokens, input_tokens, output_tokens },
    input_token_details: { ...details('input'), ...cached },
    output_token_details: { text_tokens: text.output ?? 0, audio_tokens: audio.output ?? 0 },
  };
}

/** A usage as OpenAI's realtime models count it. */
export function usageOf(input: number, output: number, cached = 0): Json {
  return {
    total_tokens: input + output,
    input_tokens: input,
    output_tokens: output,
    input_token_details: { text_tokens: input - 5, audio_tokens: 5, image_tokens: 0, cached_tokens: cached },
    output_token_details: { text_tokens: output - 3, audio_tokens: 3 },
  };
}
