import { type Options } from 'amqplib';

/** Where messages go that will never be answered, for whoever looks into it. */
export const DEAD_LETTERS = 'cuota.messages.dead';

/** The oldest give way: the table has them all. */
const MOST_DEAD_LETTERS = 100_000;

/** The queue of a workspace. */
export function queueOf(workspaceId: string): string {
  return `cuota.messages.${workspaceId}`;
}

export const WORKSPACE_QUEUE: Options.AssertQueue = {
  durable: true,
  // The default exchange: to the queue of that name.
  deadLetterExchange: '',
  deadLetterRoutingKey: DEAD_LETTERS,
};

export const DEAD_LETTER_QUEUE: Options.AssertQueue = { durable: true, maxLength: MOST_DEAD_LETTERS };
