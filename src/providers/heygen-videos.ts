import { HeyGenSpeakers } from './heygen-speakers.js';
import { type HeyGenWire } from './heygen-wire.js';
import { MediaDownload } from './media-download.js';
import { ProviderError } from './provider-error.js';
import { type WireObject } from './provider.port.js';
import { refusedRequest } from './refused-request.js';
import { speakingSeconds } from './speaking-time.js';
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
import { objectAt } from './wire-object.js';

const SIZES = ['1280x720', '720x1280', '720x720', '1920x1080', '1080x1920', '1080x1080'];
const HOSTS = ['.heygen.ai', '.heygen.com'];
/** HeyGen's own limits of one text, and of a video. */
const MOST_LETTERS = 5_000;
const STATUS: Readonly<Record<string, VideoProgress['status']>> = {
  pending: 'queued',
  waiting: 'queued',
  processing: 'processing',
  completed: 'completed',
  failed: 'failed',
};

/** Videos of avatars that speak a text. How long one is, the text decides: a length that was asked for does not count. */
export class HeyGenVideos implements VideoMaker {
  readonly makes = 'avatars';
  private readonly speakers: HeyGenSpeakers;
  private readonly downloads: MediaDownload;

  constructor(
    private readonly wire: HeyGenWire,
    speaker: { readonly avatarId?: string | undefined; readonly voiceId?: string | undefined },
  ) {
    this.speakers = new HeyGenSpeakers(wire, speaker);
    const { name: provider, apiKey } = wire.settings;
    this.downloads = new MediaDownload({ provider, apiKey, hosts: HOSTS, baseUrl: wire.baseUrl });
  }

  plan({ durationSeconds: _, ...request }: VideoRequest, model: string): VideoPlan {
    const provider = this.wire.settings.name;
    const { length } = Array.from(request.prompt);
    if (length === 0 || length > MOST_LETTERS) {
      const message = `HeyGen speaks texts of 1 to ${MOST_LETTERS} characters; this one has ${length}.`;
      throw refusedRequest(provider, 'prompt', message);
    }
    const defaultSeconds = speakingSeconds(request.prompt);
    return planAmong(request, { provider, model, seconds: [], defaultSeconds, sizes: SIZES });
  }

  async create({ request, model, ...bounds }: VideoCall): Promise<VideoJob> {
    const { size } = this.plan(request, model);
    const { avatarId, voiceId } = await this.speakers.speaker(request, bounds);
    const character = { type: 'avatar', avatar_id: avatarId, avatar_style: 'normal' };
    const voice = { type: 'text', input_text: request.prompt, voice_id: voiceId };
    const body = { video_inputs: [{ character, voice }], dimension: dimensionsOf(size) };
    const { video_id: jobId } = await this.wire.data('/v2/video/generate', bounds, body);
    if (typeof jobId === 'string' && jobId !== '') return { jobId };
    throw this.rubbish('answered without `video_id`');
  }

  async poll(call: VideoJobCall): Promise<VideoProgress> {
    const video = await this.statusOf(call);
    const status = STATUS[String(video.status)];
    if (!status) throw this.rubbish('answered with an unknown `status`');
    if (status === 'failed') return { status, error: this.errorOf(objectAt(video, 'error')) };
    const seconds = Number(video.duration);
    return { status, ...(status === 'completed' && seconds > 0 && { seconds }) };
  }

  /** Its address holds for a week and is signed: it is asked for again each time. */
  async fetch(call: VideoJobCall): Promise<VideoFile> {
    const { video_url: url } = await this.statusOf(call);
    if (typeof url !== 'string') throw this.rubbish('answered without `video_url`');
    return this.downloads.open(url, { signal: call.signal, timeoutMs: this.wire.timeoutOf(call) });
  }

  private statusOf({ jobId, ...bounds }: VideoJobCall): Promise<WireObject> {
    return this.wire.data(`/v1/video_status.get?video_id=${encodeURIComponent(jobId)}`, bounds);
  }

  private errorOf(error: WireObject | undefined): NonNullable<VideoProgress['error']> {
    const { apiKey } = this.wire.settings;
    const code =
      typeof error?.code === 'number' || typeof error?.code === 'string' ? String(error.code) : null;
    const told = [error?.detail, error?.message].find((one) => typeof one === 'string' && one !== '');
    const message = typeof told === 'string' ? withoutKeys(told, apiKey) : 'The provider gave no reason.';
    return { code, message };
  }

  private rubbish(message: string): ProviderError {
    return new ProviderError(this.wire.settings.name, message, { reason: 'rubbish' });
  }
}
