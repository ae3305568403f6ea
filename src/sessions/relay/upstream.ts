import { type RawData, type WebSocket } from 'ws';

/** More than this that the provider has not read yet, and whoever sends waits. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** The provider's end of a session: text in both directions, one message after the other, with backpressure. */
export class Upstream {
  private readonly early: string[] = [];
  private take: ((text: string) => Promise<void>) | undefined;
  private lost: (() => void) | undefined;
  private isLost = false;
  private reading: Promise<void> = Promise.resolve();
  private unread = 0;

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: RawData) => {
      this.receive(textOf(data));
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.isLost = true;
      // Whoever listens hears of the end after all that was said before it.
      void this.reading.then(() => this.lost?.());
    });
  }

  /** @param take told one message at a time, in order. @param lost told once, when the provider is gone. */
  listen(take: (text: string) => Promise<void>, lost: () => void): void {
    this.take = take;
    this.lost = lost;
    for (const text of this.early.splice(0)) this.receive(text);
    if (this.isLost) void this.reading.then(lost);
  }

  /** Resolves when more may be sent. */
  send(text: string): Promise<void> {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      const isFull = socket.bufferedAmount > HIGH_WATER_BYTES;
      socket.send(text, () => {
        if (isFull) resolve();
      });
      if (!isFull) resolve();
    });
  }

  /** Resolves when nothing more is read. */
  async close(): Promise<void> {
    this.socket.terminate();
    await this.reading;
  }

  private receive(text: string): void {
    const { take } = this;
    if (!take) {
      this.early.push(text);
      return;
    }
    this.unread++;
    // A provider that is faster than the client waits for it.
    if (this.unread === 1) this.socket.pause();
    this.reading = this.reading
      .then(() => take(text))
      .finally(() => {
        this.unread--;
        if (this.unread === 0) this.socket.resume();
      });
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}
