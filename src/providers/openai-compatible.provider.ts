import { type ProviderKind, type ProviderSettings } from '../config/index.js';
import { CHAT_EVENTS } from './chat-events.js';
import { MediaDownload } from './media-download.js';
import { catalogueOf } from './model-catalogue.js';
import { openRealtime } from './openai-realtime.js';
import { OpenAiVideos } from './openai-videos.js';
import { type AnswerForm, OpenAiWire } from './openai-wire.js';
import {
  type ChatChunk,
  type ImageLinkCall,
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ProviderModel,
  type RealtimeCall,
  type RealtimeSocket,
  type ResponseEvent,
} from './provider.port.js';
import { RESPONSE_EVENTS } from './response-events.js';
import { type VideoMaker } from './video.port.js';
import { objectAt } from './wire-object.js';
import { chatUsage, embeddingUsage, inputOutputUsage } from './wire-usage.js';

const BASE_URL: Readonly<Partial<Record<ProviderKind, string>>> = {
  openai: 'https://api.openai.com/v1',
  groq: 'https://api.groq.com/openai/v1',
  gemini: 'https://generativelanguage.googleapis.com/v1beta/openai/',
};

const CHAT: AnswerForm = { path: '/chat/completions', list: 'choices', usageOf: chatUsage };
const RESPONSES: AnswerForm = { path: '/responses', list: 'output', usageOf: inputOutputUsage };
const EMBEDDINGS: AnswerForm = { path: '/embeddings', list: 'data', usageOf: embeddingUsage };
const IMAGES: AnswerForm = { path: '/images/generations', list: 'data', usageOf: inputOutputUsage };

/** Where OpenAI and xAI keep images. What another server has at its own address is allowed as it is. */
const IMAGE_HOSTS = ['.oaiusercontent.com', 'oaidalleapiprodscus.blob.core.windows.net', '.x.ai'];

/** OpenAI, and every server that speaks its wire format. Bodies go through untouched in both directions. */
export class OpenAiCompatibleProvider implements ModelProvider {
  readonly name: string;
  readonly baseUrl: string;
  /** OpenAI's own ended in September 2026; other servers have kept its `/videos`. */
  readonly videos?: VideoMaker;
  private readonly wire: OpenAiWire;
  private readonly catalogue: readonly ProviderModel[];

  /** @throws Error where the kind has no base URL of its own and none is set. */
  constructor(private readonly settings: ProviderSettings) {
    this.name = settings.name;
    const baseUrl = settings.baseUrl ?? BASE_URL[settings.kind];
    if (baseUrl === undefined)
      throw new Error(`Provider ${settings.name} needs PROVIDER_${settings.name.toUpperCase()}_BASE_URL.`);
    this.baseUrl = baseUrl;
    this.catalogue = catalogueOf(settings);
    this.wire = new OpenAiWire(settings, baseUrl);
    if (settings.kind !== 'groq') this.videos = new OpenAiVideos(this.wire);
  }

  models(): readonly ProviderModel[] {
    return this.catalogue;
  }

  /** OpenAI's reasoning models know the new name only, most other servers the old one only. */
  outputCapField(): OutputCapField {
    return this.settings.kind === 'openai' ? 'max_completion_tokens' : 'max_tokens';
  }

  chat(call: ProviderCall): Promise<ProviderAnswer> {
    return this.wire.answer(plain(call), CHAT);
  }

  chatStream(call: ProviderCall): Promise<AsyncIterable<ChatChunk>> {
    const options = { ...objectAt(call.body, 'stream_options'), include_usage: true };
    const body = { ...call.body, stream: true, stream_options: options };
    return this.wire.stream({ ...call, body }, CHAT.path, CHAT_EVENTS);
  }

  respond(call: ProviderCall): Promise<ProviderAnswer> {
    return this.wire.answer(plain(call), RESPONSES);
  }

  respondStream(call: ProviderCall): Promise<AsyncIterable<ResponseEvent>> {
    const body = { ...call.body, stream: true };
    return this.wire.stream({ ...call, body }, RESPONSES.path, RESPONSE_EVENTS);
  }

  embed(call: ProviderCall): Promise<ProviderAnswer> {
    return this.wire.answer(call, EMBEDDINGS);
  }

  image(call: ProviderCall): Promise<ProviderAnswer> {
    return this.wire.answer(call, IMAGES);
  }

  realtime(call: RealtimeCall): RealtimeSocket {
    const { name: provider, apiKey, timeoutMs } = this.settings;
    return openRealtime(this.baseUrl, { ...call, provider, apiKey, timeoutMs });
  }

  async fetchImage({ url, ...bounds }: ImageLinkCall): Promise<AsyncIterable<Uint8Array>> {
    const { name: provider, baseUrl, settings } = this;
    const source = { provider, apiKey: settings.apiKey, hosts: IMAGE_HOSTS, baseUrl, kind: 'image' } as const;
    const timeoutMs = this.wire.timeoutOf(bounds);
    return (await new MediaDownload(source).open(url, { ...bounds, timeoutMs })).bytes;
  }
}

function plain(call: ProviderCall): ProviderCall {
  return call.body.stream === true ? { ...call, body: { ...call.body, stream: false } } : call;
}
