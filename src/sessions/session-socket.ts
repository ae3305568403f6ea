import { type RawData, type WebSocket } from 'ws';

/** More than this that the client has not read yet, and whoever sends waits. */
const HIGH_WATER_BYTES = 256 * 1024;
/** A client that reads nothing for so long has gone. */
const UNREAD_MS = 30_000;
/** How long a client has to hear the last words, and to answer them. */
const FAREWELL_MS = 3_000;

interface Reading {
  readonly over: Promise<void>;
  readonly end: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Messages of a client; `undefined` for one that is not text. Resolves when the next one may come. */
export type Listener = (text: string | undefined) => Promise<void> | void;

/**
 * The client's end of a session: text in both directions, with backpressure. Who does not read is not listened to
 * either, and is heard one message at a time: what it asks for would only make the heap of answers higher.
 */
export class SessionSocket {
  private heard = true;
  private hurries = false;
  private readonly inbox: (string | undefined)[] = [];
  /** Until the client has read enough of what it was sent. */
  private reading: Reading | undefined;
  private unread: (() => void) | undefined;

  /** @param socket must not answer pings by itself (`autoPong`). */
  constructor(
    private readonly socket: WebSocket,
    private readonly unreadMs = UNREAD_MS,
    private readonly farewellMs = FAREWELL_MS,
  ) {
    socket.on('pong', () => {
      this.heard = true;
    });
    socket.on('ping', (data: Buffer) => {
      if (!this.isFull) socket.pong(data, undefined, this.sent);
    });
    socket.once('close', this.sent);
    // What is no frame closes the socket with the code for it; nobody needs to know more.
    socket.on('error', () => undefined);
  }

  onMessage(listener: Listener): void {
    this.socket.on('message', (data: RawData, isBinary) => {
      this.inbox.push(isBinary ? undefined : textOf(data));
      if (this.inbox.length === 1) void this.deliver(listener);
      else this.socket.pause();
    });
  }

  onClose(listener: () => void): void {
    this.socket.once('close', listener);
  }

  /** Told once, when the client has not read for too long. */
  onUnread(listener: () => void): void {
    this.unread = listener;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Resolves at once while the client keeps up, else when it has read on or is gone. */
  send(text: string): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    const mustWait = this.isFull;
    this.socket.send(text, this.sent);
    return mustWait ? this.read() : Promise.resolve();
  }

  /** Nobody waits for the client any more: all is about to end. */
  hurry(): void {
    this.hurries = true;
    this.goOn();
  }

  /** Whether it answered the last ping; sends the next one. */
  ping(): boolean {
    // Its answer may be among what we have not listened to yet.
    const alive = this.heard || this.inbox.length > 0;
    this.heard = false;
    if (this.isOpen) this.socket.ping(undefined, undefined, this.sent);
    return alive;
  }

  /** One that does not answer in time is dropped. */
  close(code: number, reason: string): void {
    if (this.socket.readyState === this.socket.CLOSED) return;
    const timer = setTimeout(() => {
      this.drop();
    }, this.farewellMs);
    this.socket.once('close', () => {
      clearTimeout(timer);
    });
    this.socket.resume();
    this.socket.close(code, reason);
  }

  /** Without a word: for a client that would not hear one. */
  drop(): void {
    this.socket.terminate();
  }

  private get isFull(): boolean {
    return this.socket.bufferedAmount >= HIGH_WATER_BYTES;
  }

  private async deliver(listener: Listener): Promise<void> {
    while (this.inbox.length > 0) {
      if (this.isFull) await this.read();
      await listener(this.inbox[0]);
      this.inbox.shift();
    }
    this.socket.resume();
  }

  private read(): Promise<void> {
    if (this.hurries || !this.isOpen) return Promise.resolve();
    this.reading ??= this.untilRead();
    return this.reading.over;
  }

  private untilRead(): Reading {
    const timer = setTimeout(() => this.unread?.(), this.unreadMs);
    let end = ignore;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    return { over, end, timer };
  }

  private goOn(): void {
    const { reading } = this;
    this.reading = undefined;
    clearTimeout(reading?.timer);
    reading?.end();
  }

  /** Something was sent, or could not be: a failed send is followed by the socket's end, which is heard. */
  private readonly sent = (): void => {
    if (!this.isFull || !this.isOpen) this.goOn();
  };
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}

function ignore(): void {
  return undefined;
}
