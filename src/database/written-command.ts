import { Socket } from 'node:net';

import { Command } from 'ioredis';

/** What sends a written command; ioredis and its Cluster do. */
export interface WrittenCommandSender {
  sendCommand(command: WrittenCommand): unknown;
}

/** A Redis command whose request is written already, as RESP; text in its answer stays bytes. */
export class WrittenCommand extends Command {
  /** @param key what a Cluster finds the node by. */
  constructor(
    name: 'evalsha' | 'eval',
    private readonly request: Buffer,
    key: string,
  ) {
    super(name, ['', 1, key], { replyEncoding: null });
  }

  /** ioredis writes it to the socket next. */
  override toWritable(socket: object): Buffer {
    if (socket instanceof Socket) gather(socket);
    return this.request;
  }

  /** Sends it. @returns Redis' answer, texts as bytes. */
  by(sender: WrittenCommandSender): Promise<unknown> {
    // The promise that ioredis returns is the command's own; who sends for others may know more of a failure.
    const answer = sender.sendCommand(this);
    return answer instanceof Promise ? answer : this.promise;
  }
}

/**
 * What is written in one turn of the event loop goes out at once: a system call each is a fifth of a busy client's time.
 * Not at the next tick, which comes between one socket that was read and the next: an immediate comes after all of them.
 */
function gather(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => {
    socket.uncork();
  });
}
