import { type Behaviour } from './behaviour.js';
import { type Json, Refusal } from './wire.js';

/** A job of the emulator's, of whichever provider it plays. */
export interface EmulatedJob {
  readonly id: string;
  readonly body: Json;
  polls: number;
  deleted: boolean;
}

/** The jobs of an emulator, in order of creation. */
export class EmulatedJobs {
  readonly all: EmulatedJob[] = [];

  add(body: Json, prefix: string): EmulatedJob {
    const job = { id: `${prefix}${this.all.length + 1}`, body, polls: 0, deleted: false };
    this.all.push(job);
    return job;
  }

  find(id: string | undefined): EmulatedJob | undefined {
    return this.all.find((job) => job.id === id && !job.deleted);
  }
}

/** How far a job is that is asked about once more: done with the third question unless said. */
export function stateOf(job: EmulatedJob, { jobPolls = 3, jobFails }: Behaviour) {
  job.polls++;
  if (job.polls < jobPolls) return job.polls === 1 ? ('queued' as const) : ('running' as const);
  return jobFails === undefined ? ('done' as const) : ('failed' as const);
}

/** Bytes that begin as an MP4 file does; `videoBytes` of them. */
export function videoFile({ videoBytes = 4096 }: Behaviour): Buffer {
  const file = Buffer.alloc(videoBytes, 0x2a);
  file.write('\0\0\0\x18ftypisom', 0, 'latin1');
  return file;
}

const OPENAI_STATUS = {
  queued: 'queued',
  running: 'in_progress',
  done: 'completed',
  failed: 'failed',
} as const;

/** OpenAI's `/v1/videos`; `undefined` where there is no such thing. */
export function openAiVideos(
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: Json },
  behaviour: Behaviour,
  jobs: EmulatedJobs,
): Json | Buffer | undefined {
  if (method === 'POST' && path === '/v1/videos') {
    if (typeof body.prompt !== 'string') throw new Refusal("Missing required parameter: 'prompt'.", 'prompt');
    return wireOf(jobs.add(body, 'video_'), { status: 'queued', progress: 0, error: null });
  }
  const [, id, content] = /^\/v1\/videos\/([\w-]+)(\/content)?$/.exec(path) ?? [];
  const job = jobs.find(id);
  if (!job) return undefined;
  if (content !== undefined) return videoFile(behaviour);
  if (method === 'DELETE') {
    job.deleted = true;
    return { id: job.id, object: 'video.deleted', deleted: true };
  }
  const state = stateOf(job, behaviour);
  const progress = { queued: 0, running: 50, done: 100, failed: 50 }[state];
  const error = state === 'failed' ? { code: behaviour.jobFails, message: 'The emulated job failed.' } : null;
  return wireOf(job, { status: OPENAI_STATUS[state], progress, error });
}

function wireOf({ id, body }: EmulatedJob, state: Json): Json {
  const { model, prompt, seconds = '4', size = '720x1280' } = body;
  return { id, object: 'video', created_at: 1_790_000_000, model, prompt, seconds, size, ...state };
}
