import { type Behaviour } from './behaviour.js';
import { type EmulatedJob, type EmulatedJobs, stateOf, videoFile } from './videos.js';
import { type Json, listOf } from './wire.js';

export interface HeyGenRequest {
  readonly path: string;
  readonly body: Json;
  readonly origin: string;
}

const STATUS = { queued: 'pending', running: 'processing', done: 'completed', failed: 'failed' } as const;
const SECONDS = 12.4;

/** HeyGen's API; `undefined` where there is no such thing. */
export function heyGenAnswer(
  { path, body, origin }: HeyGenRequest,
  behaviour: Behaviour,
  jobs: EmulatedJobs,
): Json | Buffer | undefined {
  const { pathname, searchParams } = new URL(path, origin);
  if (pathname === '/v2/video/generate') {
    if (listOf(body.video_inputs).length === 0) return heyGenError(400);
    return { error: null, data: { video_id: jobs.add(body, 'hg').id } };
  }
  if (pathname === '/v2/avatars') {
    const avatars = behaviour.empty === true ? [] : [{ avatar_id: 'first-avatar', avatar_name: 'First' }];
    return { error: null, data: { avatars, talking_photos: [] } };
  }
  if (pathname === '/v2/voices') {
    const voices = [{ voice_id: 'german', language: 'German' }];
    return { error: null, data: { voices: [...voices, { voice_id: 'english', language: 'English' }] } };
  }
  if (pathname.startsWith('/files/')) return videoFile(behaviour);
  if (pathname !== '/v1/video_status.get') return undefined;
  const job = jobs.find(searchParams.get('video_id') ?? '');
  return job && statusOf(job, behaviour, origin);
}

function statusOf(job: EmulatedJob, behaviour: Behaviour, origin: string): Json {
  const state = stateOf(job, behaviour);
  const done = state === 'done';
  const data = {
    id: job.id,
    status: STATUS[state],
    duration: done ? SECONDS : null,
    video_url: done ? (behaviour.fileUrl ?? `${origin}/files/${job.id}.mp4`) : null,
    error: state === 'failed' ? { code: 40119, message: behaviour.jobFails, detail: 'It failed.' } : null,
  };
  return { code: 100, data, message: 'Success' };
}

/** HeyGen's error for a status. */
export function heyGenError(status: number): Json {
  return { data: null, error: { code: 'invalid_parameter', message: `The emulator answers ${status}.` } };
}
