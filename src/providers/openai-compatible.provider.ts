import OpenAI from 'openai';

import { RubbishAnswer, fetchBounded, readJsonObject } from './answer-body.js';
import { CallDeadline } from './call-deadline.js';
import { openChatStream } from './chat-stream.js';
import { catalogueOf } from './model-catalogue.js';
import { type ProviderKind, type ProviderSettings } from '../config/index.js';
import {
  type ChatChunk,
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ProviderModel,
  type ProviderUsage,
  type WireObject,
} from './provider.port.js';
import { type FailureContext, fromErrorObject, toProviderError } from './upstream-failure.js';
import { objectAt } from './wire-object.js';
import { chatUsage, embeddingUsage, imageUsage } from './wire-usage.js';

const BASE_URL: Readonly<Partial<Record<ProviderKind, string>>> = {
  openai: 'https://api.openai.com/v1',
  groq: 'https://api.groq.com/openai/v1',
  gemini: 'https://generativelanguage.googleapis.com/v1beta/openai/',
};

/** What an answer must hold, and where its usage is. */
interface AnswerForm {
  readonly path: string;
  readonly list: 'choices' | 'data';
  readonly usageOf: (body: WireObject) => ProviderUsage | undefined;
}

const CHAT: AnswerForm = { path: '/chat/completions', list: 'choices', usageOf: chatUsage };
const EMBEDDINGS: AnswerForm = { path: '/embeddings', list: 'data', usageOf: embeddingUsage };
const IMAGES: AnswerForm = { path: '/images/generations', list: 'data', usageOf: imageUsage };

/** OpenAI, and every server that speaks its wire format. Bodies go through untouched in both directions. */
export class OpenAiCompatibleProvider implements ModelProvider {
  readonly name: string;
  readonly baseUrl: string;
  private readonly client: OpenAI;
  private readonly catalogue: readonly ProviderModel[];

  /** @throws Error where the kind has no base URL of its own and none is set. */
  constructor(private readonly settings: ProviderSettings) {
    this.name = settings.name;
    const baseUrl = settings.baseUrl ?? BASE_URL[settings.kind];
    if (baseUrl === undefined)
      throw new Error(`Provider ${settings.name} needs PROVIDER_${settings.name.toUpperCase()}_BASE_URL.`);
    this.baseUrl = baseUrl;
    this.catalogue = catalogueOf(settings.kind, settings.models);
    this.client = newClient(settings, baseUrl);
  }

  models(): readonly ProviderModel[] {
    return this.catalogue;
  }

  /** OpenAI's reasoning models know the new name only, most other servers the old one only. */
  outputCapField(): OutputCapField {
    return this.settings.kind === 'openai' ? 'max_completion_tokens' : 'max_tokens';
  }

  chat(call: ProviderCall): Promise<ProviderAnswer> {
    const plain = call.body.stream === true ? { ...call.body, stream: false } : call.body;
    return this.answer({ ...call, body: plain }, CHAT);
  }

  async chatStream(call: ProviderCall): Promise<AsyncIterable<ChatChunk>> {
    const options = { ...objectAt(call.body, 'stream_options'), include_usage: true };
    const body = { ...call.body, stream: true, stream_options: options };
    const deadline = this.deadlineOf(call);
    const failure = (): FailureContext => this.contextOf(call, deadline);
    try {
      const response = await this.post({ ...call, body }, CHAT.path, deadline);
      return await openChatStream(response, { deadline, failure });
    } catch (error) {
      deadline.close();
      throw toProviderError(error, failure());
    }
  }

  embed(call: ProviderCall): Promise<ProviderAnswer> {
    return this.answer(call, EMBEDDINGS);
  }

  image(call: ProviderCall): Promise<ProviderAnswer> {
    return this.answer(call, IMAGES);
  }

  private async answer(call: ProviderCall, form: AnswerForm): Promise<ProviderAnswer> {
    const deadline = this.deadlineOf(call);
    try {
      const body = await readJsonObject(await this.post(call, form.path, deadline));
      if (body.error && !body[form.list]) throw fromErrorObject(body.error, this.contextOf(call, deadline));
      if (!Array.isArray(body[form.list])) throw new RubbishAnswer(`answered without \`${form.list}\``);
      const usage = form.usageOf(body);
      return { body, ...(usage && { usage }) };
    } catch (error) {
      deadline.close();
      throw toProviderError(error, this.contextOf(call, deadline));
    } finally {
      deadline.dispose();
    }
  }

  private post(call: ProviderCall, path: string, deadline: CallDeadline): Promise<Response> {
    const body = { ...call.body, model: call.model };
    // Our deadline ends the call; the client's would end before the body has come, and must not end first.
    const timeout = this.timeoutOf(call) + 60_000;
    deadline.start();
    // The raw answer: the client's own parsing rewrites embeddings and ends an aborted stream as if it were complete.
    return this.client.post(path, { body, timeout, signal: deadline.signal }).asResponse();
  }

  private deadlineOf(call: ProviderCall): CallDeadline {
    return new CallDeadline(call.signal, this.timeoutOf(call));
  }

  private timeoutOf(call: ProviderCall): number {
    return call.timeoutMs ?? this.settings.timeoutMs;
  }

  private contextOf(call: ProviderCall, deadline: CallDeadline): FailureContext {
    return {
      provider: this.name,
      apiKey: this.settings.apiKey,
      timeoutMs: this.timeoutOf(call),
      ended: deadline.ended,
    };
  }
}

function newClient({ kind, apiKey }: ProviderSettings, baseURL: string): OpenAI {
  const foreign = kind !== 'openai';
  return new OpenAI({
    baseURL,
    // The client would read OPENAI_API_KEY and send it to whatever server this is.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    ...(apiKey === undefined && { defaultHeaders: { authorization: null } }),
    ...(foreign && { organization: null, project: null }),
    maxRetries: 0,
    fetch: fetchBounded,
    logLevel: 'off',
  });
}
