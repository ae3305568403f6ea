import { GenerateVideosOperation } from '@google/genai';

import { type GeminiWire } from './gemini-wire.js';
import { MediaDownload } from './media-download.js';
import { ProviderError } from './provider-error.js';
import { withoutKeys } from './upstream-failure.js';
import {
  type VideoCall,
  type VideoFile,
  type VideoJob,
  type VideoJobCall,
  type VideoMaker,
  type VideoPlan,
  type VideoProgress,
  type VideoRequest,
} from './video.port.js';
import { dimensionsOf, planAmong } from './video-shape.js';

const SECONDS = [4, 6, 8];
const LONGEST = 8;
const SIZES = ['1280x720', '720x1280', '1920x1080', '1080x1920'];
const HOSTS = ['generativelanguage.googleapis.com', '.googleapis.com', '.googleusercontent.com'];
const OPERATION = /^models\/[\w.-]+\/operations\/[\w.-]+$/;

/** Veo: operations that take their time, and a file that lies in Google's store for two days. */
export class GeminiVideos implements VideoMaker {
  readonly makes = 'scenes';
  private readonly downloads: MediaDownload;

  constructor(private readonly wire: GeminiWire) {
    const { name: provider, apiKey } = wire.settings;
    const headers = apiKey === undefined ? {} : { 'x-goog-api-key': apiKey };
    this.downloads = new MediaDownload({ provider, apiKey, hosts: HOSTS, baseUrl: wire.root, headers });
  }

  plan(request: VideoRequest, model: string): VideoPlan {
    const { name: provider } = this.wire.settings;
    const choices = { provider, model, seconds: SECONDS, defaultSeconds: LONGEST, sizes: SIZES };
    const plan = planAmong(request, choices);
    // More than 720 lines can be had in the full length only.
    return isLarge(plan.size) ? { ...plan, seconds: LONGEST } : plan;
  }

  async create({ request, model, ...bounds }: VideoCall): Promise<VideoJob> {
    const { seconds, size } = this.plan(request, model);
    const { width, height } = dimensionsOf(size);
    const { name } = await this.wire.ask(bounds, (client, abortSignal) =>
      client.models.generateVideos({
        model,
        source: { prompt: request.prompt },
        config: {
          abortSignal,
          numberOfVideos: 1,
          durationSeconds: seconds,
          aspectRatio: width > height ? '16:9' : '9:16',
          resolution: isLarge(size) ? '1080p' : '720p',
        },
      }),
    );
    if (name !== undefined && OPERATION.test(name)) return { jobId: name };
    throw this.rubbish('answered without the name of an operation');
  }

  async poll(call: VideoJobCall): Promise<VideoProgress> {
    const { done, error, response } = await this.operation(call);
    if (done !== true) return { status: 'processing' };
    if (error) return { status: 'failed', error: this.errorOf(error) };
    if (response?.generatedVideos?.[0]?.video?.uri !== undefined) return { status: 'completed' };
    const message =
      response?.raiMediaFilteredReasons?.[0] ?? 'Veo made no video: its safety filters held it back.';
    return { status: 'failed', error: { code: 'moderation_blocked', message } };
  }

  async fetch(call: VideoJobCall): Promise<VideoFile> {
    const { response } = await this.operation(call);
    const uri = response?.generatedVideos?.[0]?.video?.uri;
    if (uri === undefined) throw this.rubbish('answered without the address of a video');
    return this.downloads.open(uri, { signal: call.signal, timeoutMs: this.wire.timeoutOf(call) });
  }

  private async operation({ jobId, ...bounds }: VideoJobCall): Promise<GenerateVideosOperation> {
    if (!OPERATION.test(jobId)) {
      const details = { reason: 'not_found', status: 404, neverSent: true } as const;
      throw new ProviderError(this.wire.settings.name, 'has no such operation', details);
    }
    const operation = new GenerateVideosOperation();
    operation.name = jobId;
    return this.wire.ask(bounds, (client, abortSignal) =>
      client.operations.getVideosOperation({ operation, config: { abortSignal } }),
    );
  }

  private errorOf({ code, message }: Readonly<Record<string, unknown>>): NonNullable<VideoProgress['error']> {
    const { apiKey } = this.wire.settings;
    const told = typeof message === 'string' ? withoutKeys(message, apiKey) : 'The provider gave no reason.';
    return { code: typeof code === 'number' ? String(code) : null, message: told };
  }

  private rubbish(message: string): ProviderError {
    return new ProviderError(this.wire.settings.name, message, { reason: 'rubbish' });
  }
}

function isLarge(size: string): boolean {
  const { width, height } = dimensionsOf(size);
  return Math.min(width, height) > 720;
}
