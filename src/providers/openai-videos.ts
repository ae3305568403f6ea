import { MediaDownload } from './media-download.js';
import { type OpenAiWire } from './openai-wire.js';
import { ProviderError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
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
import { planAmong } from './video-shape.js';
import { objectAt } from './wire-object.js';

const SECONDS = [4, 8, 12];
const SIZES = ['1280x720', '720x1280'];
const PRO_SIZES = [...SIZES, '1792x1024', '1024x1792'];
const SIZE = /^[1-9]\d{1,3}x[1-9]\d{1,3}$/;
const ANY_SECONDS = Array.from({ length: 60 }, (_, at) => at + 1);
/** Where OpenAI keeps what it made. */
const HOSTS = ['api.openai.com', '.openai.com', '.oaiusercontent.com'];
const STATUS: Readonly<Record<string, VideoProgress['status']>> = {
  queued: 'queued',
  in_progress: 'processing',
  completed: 'completed',
  failed: 'failed',
};

/** Videos by OpenAI's `/videos`: of Sora, and of what other servers have in its place. */
export class OpenAiVideos implements VideoMaker {
  readonly makes = 'scenes';
  private readonly downloads: MediaDownload;

  constructor(private readonly wire: OpenAiWire) {
    const { name: provider, apiKey } = wire.settings;
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    this.downloads = new MediaDownload({ provider, apiKey, hosts: HOSTS, baseUrl: wire.baseUrl, headers });
  }

  plan(request: VideoRequest, model: string): VideoPlan {
    const choices = { provider: this.wire.settings.name, model, defaultSeconds: 4 };
    if (model.startsWith('sora')) {
      const sizes = model.includes('pro') ? PRO_SIZES : SIZES;
      return planAmong(request, { ...choices, seconds: SECONDS, sizes });
    }
    // What another model can make only its server knows: it refuses the rest.
    const asked = SIZE.test(request.size ?? '') ? [request.size ?? ''] : [...PRO_SIZES, '1024x1024'];
    return planAmong(request, { ...choices, seconds: ANY_SECONDS, sizes: asked });
  }

  async create({ request, model, ...bounds }: VideoCall): Promise<VideoJob> {
    const { seconds, size } = this.plan(request, model);
    const body = { ...request.extra, model, prompt: request.prompt, seconds: String(seconds), size };
    const video = await this.wire.json({ method: 'post', path: '/videos', body }, bounds);
    const { id } = video;
    if (typeof id === 'string' && id !== '') return { jobId: id };
    throw new ProviderError(this.wire.settings.name, 'answered without `id`', { reason: 'rubbish' });
  }

  async poll({ jobId, ...bounds }: VideoJobCall): Promise<VideoProgress> {
    const video = await this.wire.json({ method: 'get', path: pathOf(jobId) }, bounds);
    const { name: provider, apiKey } = this.wire.settings;
    const status = STATUS[String(video.status)];
    if (!status)
      throw new ProviderError(provider, 'answered with an unknown `status`', { reason: 'rubbish' });
    const seconds = Number(video.seconds);
    return {
      status,
      ...(typeof video.progress === 'number' && { progress: video.progress }),
      ...(status === 'completed' && seconds > 0 && { seconds }),
      ...(status === 'failed' && { error: errorOf(objectAt(video, 'error'), apiKey) }),
    };
  }

  fetch({ jobId, ...bounds }: VideoJobCall): Promise<VideoFile> {
    const url = `${this.wire.baseUrl.replace(/\/$/, '')}${pathOf(jobId)}/content`;
    return this.downloads.open(url, { ...bounds, timeoutMs: this.wire.timeoutOf(bounds) });
  }

  /** Deletes it with what it made. OpenAI stops none that runs: that one is refused, and runs to its end. */
  async cancel({ jobId, ...bounds }: VideoJobCall): Promise<void> {
    try {
      await this.wire.json({ method: 'delete', path: pathOf(jobId) }, bounds);
    } catch (error) {
      const over = error instanceof ProviderError && ['not_found', 'bad_request'].includes(error.reason);
      if (!over) throw error;
    }
  }
}

function pathOf(jobId: string): string {
  return `/videos/${encodeURIComponent(jobId)}`;
}

function errorOf(error: WireObject | undefined, apiKey: string | undefined) {
  const text = (value: unknown): string | null =>
    typeof value === 'string' ? withoutKeys(value, apiKey) : null;
  return { code: text(error?.code), message: text(error?.message) ?? 'The provider gave no reason.' };
}
