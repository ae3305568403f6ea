/**
 * How far a job is. `creating`: a provider was asked for it, and its answer is not stored yet. `delivering`: the
 * provider has made it, and it is fetched and kept. `settling`: it is kept, and will be charged.
 */
export const NEXT_STAGES = {
  queued: ['creating', 'failed', 'cancelled'],
  // Back to `queued`: everyone who was asked has refused. Again: one has, and the next is asked.
  creating: ['creating', 'queued', 'processing', 'failed', 'cancelled'],
  processing: ['delivering', 'failed', 'cancelled'],
  delivering: ['settling', 'failed'],
  settling: ['completed'],
  completed: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type VideoStage = keyof typeof NEXT_STAGES;

/** What a caller is told. */
export type GenerationStatus = 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';

export const STATUS_OF = {
  queued: 'queued',
  creating: 'queued',
  processing: 'processing',
  delivering: 'processing',
  settling: 'processing',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<VideoStage, GenerationStatus>;

export const VIDEO_STAGES: readonly VideoStage[] = [
  'queued',
  'creating',
  'processing',
  'delivering',
  'settling',
  'completed',
  'failed',
  'cancelled',
];

/** Whether a job may go from one stage to another. */
export function mayFollow(stage: VideoStage, next: VideoStage): boolean {
  const allowed: readonly VideoStage[] = NEXT_STAGES[stage];
  return allowed.includes(next);
}

/** In these a job can still be called off: nothing of it was delivered, and it costs nothing. */
export const CANCELLABLE = VIDEO_STAGES.filter((stage) => mayFollow(stage, 'cancelled'));

/** In these there is something left to be done. */
export const WORKING = VIDEO_STAGES.filter((stage) => NEXT_STAGES[stage].length > 0);
