import { type VideoWish } from '../videos/video-call.js';
import { type VideoJob } from '../videos/video-job.store.js';
import { type GenerationStatus, STATUS_OF } from '../videos/video-stage.js';

import { type VideoGenerationDto } from './video-generation.dto.js';

/** One that was called off is not there any more. */
type Shown = Exclude<GenerationStatus, 'cancelled'>;

const STATUS = {
  queued: 'queued',
  processing: 'in_progress',
  completed: 'completed',
  failed: 'failed',
} as const satisfies Record<Shown, string>;

/** What OpenAI's body asks for, in our terms. */
export function wishOf({ model, prompt, seconds, size, ...extra }: VideoGenerationDto): VideoWish {
  const request = {
    prompt,
    ...(isGiven(seconds) && { durationSeconds: Number(seconds) }),
    ...(isGiven(size) && { size }),
    extra: withReference(extra),
  };
  return { request, spoken: false, model: model ?? undefined };
}

/** A job as OpenAI's `video`; `undefined` for one that was called off. */
export function videoWire(job: VideoJob): object | undefined {
  const status = STATUS_OF[job.stage];
  if (status === 'cancelled') return undefined;
  const { id, wish, model, progress, size, error, createdAt, completedAt } = job;
  return {
    ...{ id, object: 'video', status: STATUS[status], model: model ?? wish.model ?? 'auto' },
    ...{
      progress,
      seconds: String(job.madeSeconds ?? job.seconds),
      size,
      prompt: wish.request.prompt,
      error,
    },
    created_at: secondsOf(createdAt),
    completed_at: completedAt && secondsOf(completedAt),
    ...{ expires_at: null, remixed_from_video_id: null },
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** A file of a form comes as its data URL: in JSON that is an object. */
function withReference(extra: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { input_reference: reference } = extra;
  return typeof reference === 'string' ? { ...extra, input_reference: { image_url: reference } } : extra;
}

function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
