/**
 * How far a message is. `processing`: a worker has it, and asks or will ask a provider. `settling`: its answer is kept, and
 * will be charged.
 */
export const NEXT_STAGES = {
  queued: ['processing'],
  // Back to `queued`: it waits its turn, or is tried again. Again: its worker died, and another has it.
  processing: ['processing', 'queued', 'settling', 'failed'],
  // Back to `queued`, or failed: the answer that is charged was none that was asked for.
  settling: ['completed', 'queued', 'failed'],
  completed: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export type MessageStage = keyof typeof NEXT_STAGES;

/** What a caller is told. */
export const MESSAGE_STATUSES = ['queued', 'processing', 'completed', 'failed'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

export const STATUS_OF = {
  queued: 'queued',
  processing: 'processing',
  settling: 'processing',
  completed: 'completed',
  failed: 'failed',
} as const satisfies Record<MessageStage, MessageStatus>;

export const MESSAGE_STAGES: readonly MessageStage[] = [
  'queued',
  'processing',
  'settling',
  'completed',
  'failed',
];

/** Whether a message may go from one stage to another. */
export function mayFollow(stage: MessageStage, next: MessageStage): boolean {
  const allowed: readonly MessageStage[] = NEXT_STAGES[stage];
  return allowed.includes(next);
}

/** The stages that are told as one status. */
export function stagesOf(status: MessageStatus): MessageStage[] {
  return MESSAGE_STAGES.filter((stage) => STATUS_OF[stage] === status);
}
