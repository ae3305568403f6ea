import { createHash } from 'node:crypto';

import { type Clock } from '../rate-limiting/index.js';
import { ProviderError } from './provider-error.js';
import { badRequest } from './simulated-request.js';
import { simulatedVideo } from './simulated-video.js';
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

const SIZES = ['1280x720', '720x1280', '1024x1024', '1792x1024', '1024x1792'];
const MOST_SECONDS = 60;
const PIECE_BYTES = 64 * 1024;
const JOB_ID = /^video_simulated_([0-9a-z]+)_(\d+)_(\d+x\d+)_([0-9a-f]{16})$/;

interface Job extends VideoPlan {
  readonly createdMs: number;
  readonly seed: string;
}

/**
 * Videos without a provider: jobs that take their time, and real MP4 files. All that is known of a job is in its id, so
 * that any process can go on with it, and there is nothing to stop.
 */
export class SimulatedVideos implements VideoMaker {
  constructor(
    private readonly clock: Clock,
    /** From the creation of a job until it is done. */
    private readonly jobMs: number,
  ) {}

  plan(request: VideoRequest, model: string): VideoPlan {
    const seconds = Array.from({ length: MOST_SECONDS }, (_, at) => at + 1);
    return planAmong(request, { provider: 'simulated', model, seconds, defaultSeconds: 4, sizes: SIZES });
  }

  async create({ request, model, signal }: VideoCall): Promise<VideoJob> {
    await refuseAborted(signal);
    if (request.prompt === '') throw badRequest('prompt', "Invalid 'prompt': expected a text.");
    const { seconds, size } = this.plan(request, model);
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex').slice(0, 16);
    return { jobId: `video_simulated_${this.clock.now().toString(36)}_${seconds}_${size}_${digest}` };
  }

  async poll({ jobId, signal }: VideoJobCall): Promise<VideoProgress> {
    await refuseAborted(signal);
    const { createdMs, seconds } = jobOf(jobId);
    const gone = this.clock.now() - createdMs;
    if (gone >= this.jobMs) return { status: 'completed', progress: 100, seconds };
    const progress = Math.max(0, Math.floor((gone / this.jobMs) * 100));
    return { status: progress === 0 ? 'queued' : 'processing', progress };
  }

  async fetch(call: VideoJobCall): Promise<VideoFile> {
    const { status } = await this.poll(call);
    if (status !== 'completed') throw badRequest('video_id', 'The video is not ready yet.');
    const { seed, ...plan } = jobOf(call.jobId);
    const file = simulatedVideo(plan, seed);
    return { bytes: pieces(file, call.signal), contentType: 'video/mp4', length: file.length };
  }

  async cancel({ jobId, signal }: VideoJobCall): Promise<void> {
    await refuseAborted(signal);
    jobOf(jobId);
  }
}

function jobOf(jobId: string): Job {
  const [, created = '', seconds = '', size = '', seed = ''] = JOB_ID.exec(jobId) ?? [];
  const known = SIZES.includes(size) && Number(seconds) > 0 && Number(seconds) <= MOST_SECONDS;
  if (known) return { createdMs: Number.parseInt(created, 36), seconds: Number(seconds), size, seed };
  throw new ProviderError('simulated', 'answered 404 (not_found)', { reason: 'not_found', status: 404 });
}

async function* pieces(file: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += PIECE_BYTES) {
    await refuseAborted(signal);
    yield file.subarray(at, at + PIECE_BYTES);
  }
}

function refuseAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) return Promise.resolve();
  return Promise.reject(new ProviderError('simulated', 'the call was cancelled', { reason: 'aborted' }));
}
