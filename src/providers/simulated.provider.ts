import { setTimeout as delay } from 'node:timers/promises';

import { type Clock } from '../rate-limiting/index.js';
import { ProviderError } from './provider-error.js';
import {
  type ChatChunk,
  type ModelProvider,
  type OutputCapField,
  type ProviderAnswer,
  type ProviderCall,
  type ProviderModel,
  type ResponseEvent,
} from './provider.port.js';
import { toResponseEvent } from './response-events.js';
import { simulateChat } from './simulated-chat.js';
import { completionOf, chunksOf } from './simulated-completion.js';
import { simulateEmbeddings } from './simulated-embedding.js';
import { simulateImages } from './simulated-image.js';
import { responseEventsOf, simulateResponse } from './simulated-response.js';
import { SimulatedVideos } from './simulated-videos.js';
import { type VideoMaker } from './video.port.js';
import { chatUsage, embeddingUsage, inputOutputUsage, toChatChunk } from './wire-usage.js';

export const SIMULATED = 'simulated';

const MODELS: readonly ProviderModel[] = [
  { name: 'simulated-text', operations: ['llm_call', 'script_generation'], maxOutputTokens: 4096 },
  { name: 'simulated-embedding', operations: ['embedding'] },
  { name: 'simulated-image', operations: ['image_generation'] },
  { name: 'simulated-video', operations: ['video_generation'] },
];

export interface SimulatedOptions {
  readonly clock: Clock;
  /** Between two chunks of a stream; none unless said. */
  readonly chunkDelayMs?: number;
  /** How long a video takes; 3 seconds unless said. */
  readonly videoJobMs?: number;
}

const VIDEO_JOB_MS = 3_000;

/**
 * Serves every operation without a key or a network: the same answer to the same request, which says that it is
 * simulated. Tokens are really counted, caps are kept, images are real PNG files, videos real MP4 files.
 */
export class SimulatedProvider implements ModelProvider {
  readonly name = SIMULATED;
  readonly videos: VideoMaker;

  constructor(private readonly options: SimulatedOptions) {
    this.videos = new SimulatedVideos(options.clock, options.videoJobMs ?? VIDEO_JOB_MS);
  }

  models(): readonly ProviderModel[] {
    return MODELS;
  }

  outputCapField(): OutputCapField {
    return 'max_completion_tokens';
  }

  chat(call: ProviderCall): Promise<ProviderAnswer> {
    return settled(call, () => {
      const body = { ...completionOf(simulateChat(call.body, call.model), this.createdAt()) };
      const usage = chatUsage(body);
      return { body, ...(usage && { usage }) };
    });
  }

  chatStream(call: ProviderCall): Promise<AsyncIterable<ChatChunk>> {
    return settled(call, () => {
      const chunks = chunksOf(simulateChat(call.body, call.model), this.createdAt());
      return this.paced(
        chunks.map((chunk) => toChatChunk({ ...chunk })),
        call.signal,
      );
    });
  }

  respond(call: ProviderCall): Promise<ProviderAnswer> {
    return settled(call, () => {
      const { whole: body } = simulateResponse(call.body, call.model, this.createdAt());
      const usage = inputOutputUsage(body);
      return { body, ...(usage && { usage }) };
    });
  }

  respondStream(call: ProviderCall): Promise<AsyncIterable<ResponseEvent>> {
    return settled(call, () => {
      const events = responseEventsOf(simulateResponse(call.body, call.model, this.createdAt()));
      return this.paced(events.map(toResponseEvent), call.signal);
    });
  }

  embed(call: ProviderCall): Promise<ProviderAnswer> {
    return settled(call, () => {
      const body = { ...simulateEmbeddings(call.body, call.model) };
      const usage = embeddingUsage(body);
      return { body, ...(usage && { usage }) };
    });
  }

  image(call: ProviderCall): Promise<ProviderAnswer> {
    return settled(call, async () => ({ body: { ...(await simulateImages(call.body, this.createdAt())) } }));
  }

  private async *paced<Chunk>(chunks: readonly Chunk[], signal: AbortSignal): AsyncGenerator<Chunk> {
    const { chunkDelayMs = 0 } = this.options;
    for (const chunk of chunks) {
      if (chunkDelayMs > 0) await delay(chunkDelayMs, undefined, { signal }).catch(() => undefined);
      refuseAborted(signal);
      yield chunk;
    }
  }

  private createdAt(): number {
    return Math.floor(this.options.clock.now() / 1000);
  }
}

async function settled<T>(call: ProviderCall, work: () => T | Promise<T>): Promise<T> {
  refuseAborted(call.signal);
  return work();
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new ProviderError(SIMULATED, 'the call was cancelled', { reason: 'aborted' });
}
