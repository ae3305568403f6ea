import { type RawData, type WebSocket } from 'ws';

/** More than this that the client has not read yet, and whoever sends waits. */
const HIGH_WATER_BYTES = 256 * 1024;
/** A client that reads nothing for so long has gone. */
const UNREAD_MS = 30_000;

/** The client's end of a session: text in both directions, with backpressure. */
export class SessionSocket {
  private heard = true;

  constructor(private readonly socket: WebSocket) {
    socket.on('pong', () => {
      this.heard = true;
    });
    // What is no frame closes the socket with the code for it; nobody needs to know more.
    socket.on('error', () => undefined);
  }

  /** @param text called for each message, with `undefined` for one that is not text. */
  onMessage(listener: (text: string | undefined) => void): void {
    this.socket.on('message', (data: RawData, isBinary) => {
      listener(isBinary ? undefined : textOf(data));
    });
  }

  onClose(listener: () => void): void {
    this.socket.once('close', listener);
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /**
   * Resolves at once while the client keeps up, else when it has read on. A client that is gone is told nothing.
   * @returns false where the client does not read.
   */
  send(text: string): Promise<boolean> {
    if (!this.isOpen) return Promise.resolve(true);
    if (this.socket.bufferedAmount < HIGH_WATER_BYTES) {
      this.socket.send(text, ignore);
      return Promise.resolve(true);
    }
    // Who does not read is not listened to either: what it asks for would only make the heap of answers higher.
    this.socket.pause();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(false);
      }, UNREAD_MS);
      this.socket.send(text, () => {
        clearTimeout(timer);
        this.socket.resume();
        resolve(true);
      });
    });
  }

  /** Whether it answered the last ping; sends the next one. */
  ping(): boolean {
    const alive = this.heard;
    this.heard = false;
    if (this.isOpen) this.socket.ping(undefined, undefined, ignore);
    return alive;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Without a word: for a client that would not hear one. */
  drop(): void {
    this.socket.terminate();
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}

/** A failed send is followed by the socket's end, which is heard. */
function ignore(): void {
  return undefined;
}
