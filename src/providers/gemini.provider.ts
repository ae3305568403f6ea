import { type ProviderSettings } from '../config/index.js';
import { type Clock } from '../rate-limiting/index.js';
import { GeminiImages } from './gemini-images.js';
import { GeminiVideos } from './gemini-videos.js';
import { GeminiWire } from './gemini-wire.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import {
  type ChatChunk,
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ProviderModel,
  type ProviderUsage,
} from './provider.port.js';
import { type VideoMaker } from './video.port.js';

/**
 * Google's Gemini: text and embeddings by its OpenAI-compatible endpoint, which keeps `/v1` most faithful, images and
 * videos by its own API, since only that has them.
 */
export class GeminiProvider implements ModelProvider {
  readonly name: string;
  readonly baseUrl: string;
  readonly videos: VideoMaker;
  private readonly compatible: OpenAiCompatibleProvider;
  private readonly images: GeminiImages;

  constructor(settings: ProviderSettings, clock: Clock) {
    this.compatible = new OpenAiCompatibleProvider(settings);
    this.name = settings.name;
    this.baseUrl = this.compatible.baseUrl;
    const wire = new GeminiWire(settings, rootOf(this.baseUrl));
    this.images = new GeminiImages(wire, clock);
    this.videos = new GeminiVideos(wire);
  }

  models(): readonly ProviderModel[] {
    return this.compatible.models();
  }

  outputCapField(): OutputCapField {
    return 'max_tokens';
  }

  async chat(call: ProviderCall): Promise<ProviderAnswer> {
    return withThoughts(await this.compatible.chat(call));
  }

  async chatStream(call: ProviderCall): Promise<AsyncIterable<ChatChunk>> {
    const chunks = (await this.compatible.chatStream(call))[Symbol.asyncIterator]();
    const next = async (): Promise<IteratorResult<ChatChunk>> => {
      const result = await chunks.next();
      return result.done ? result : { done: false, value: withThoughts(result.value) };
    };
    const leave = (): Promise<IteratorResult<ChatChunk>> =>
      chunks.return?.() ?? Promise.resolve({ done: true, value: undefined });
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
  }

  embed(call: ProviderCall): Promise<ProviderAnswer> {
    return this.compatible.embed(call);
  }

  image(call: ProviderCall): Promise<ProviderAnswer> {
    return this.images.image(call);
  }
}

/** Its `completion_tokens` leave out what the model thought, which is paid as output; its total has it. */
function withThoughts<Counted extends { readonly usage?: ProviderUsage }>(counted: Counted): Counted {
  const { usage } = counted;
  if (!usage) return counted;
  const outputTokens = Math.max(usage.outputTokens, usage.totalTokens - usage.inputTokens);
  return { ...counted, usage: { ...usage, outputTokens } };
}

/** `https://…/v1beta/openai/` → `https://…` */
function rootOf(baseUrl: string): string {
  return baseUrl
    .replace(/\/+$/, '')
    .replace(/\/openai$/, '')
    .replace(/\/v\d\w*$/, '');
}
