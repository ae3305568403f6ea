import { type Announced, type ClaimedMessage } from '../messages/message.store.js';

/** What became of a delivered message: it is done, or waits to be due again, or will never be answered. */
export type Fate = 'ended' | 'later' | 'dead';

/** A message that a worker has taken on. */
export interface Delivery {
  readonly message: ClaimedMessage;
  /** When what came of it is committed: only then the queue forgets it. */
  done(fate: Fate): Promise<void>;
}

/** A worker's end of a workspace's queue: one message at a time. */
export interface Receiver {
  /** The next message, taken on under its lease; waits for one. `undefined` once it is closed. @throws where the table cannot be asked. */
  next(): Promise<Delivery | undefined>;
  /** No more messages; the one in hand may still be done. */
  close(): Promise<void>;
}

/** Who receives, and where. */
export interface ReceiverInput {
  readonly workspaceId: string;
  /** Stands in the message while it has it. */
  readonly worker: string;
}

/**
 * Brings messages to workers. The table of messages decides who works at what: a queue only wakes those who work, so that
 * whatever it forgets, repeats or delivers late, no message is lost and none is answered twice. One contract suite holds both
 * implementations together.
 */
export abstract class MessageQueue {
  /** Tells of a message that is stored and due. @throws where that is not certain: it is told again by itself. */
  abstract announce(message: Announced): Promise<void>;
  abstract receiver(input: ReceiverInput): Receiver;
  /** When the last worker has ended. */
  abstract close(): Promise<void>;
}
