import { Client } from 'pg';

import { SilenceWatch } from './silence-watch.js';

export interface FeedConnectionInput {
  readonly url: string;
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** Once, when it was open and is not any more. */
  readonly onLost: (reason: string) => void;
}

const HEARTBEAT_MS = 400;
const ANSWER_TIMEOUT_MS = 400;
const CONNECT_TIMEOUT_MS = 1_000;
/** Two heartbeats and a little: a change is heard of within a second (G8), or the feed is not live. */
const PROOF_MS = 900;

/** One connection that listens on a channel and proves every 400 ms that it is still there. */
export class FeedConnection {
  private readonly client: Client;
  private heartbeat: NodeJS.Timeout | undefined;
  private provenAt = Number.NEGATIVE_INFINITY;
  private over = false;
  /** A process too busy to read the answer has not lost its feed. */
  private readonly watch = new SilenceWatch(ANSWER_TIMEOUT_MS);

  constructor(private readonly input: FeedConnectionInput) {
    this.client = new Client({
      connectionString: input.url,
      application_name: 'cuota change feed',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    this.client.on('notification', ({ payload }) => {
      input.onMessage(payload ?? '');
    });
    this.client.on('error', (error) => {
      this.lose(error.message);
    });
    this.client.on('end', () => {
      this.lose('the connection was closed');
    });
  }

  /** Resolves when Postgres has confirmed that it listens. */
  async open(): Promise<void> {
    try {
      await this.client.connect();
      await this.ask(`LISTEN ${this.input.channel}`);
    } catch (error) {
      this.close();
      throw error;
    }
    this.scheduleHeartbeat();
  }

  live(): boolean {
    return !this.over && performance.now() - this.provenAt < PROOF_MS;
  }

  /** Ends it at once and tells nobody. */
  close(): void {
    this.over = true;
    clearTimeout(this.heartbeat);
    // Not end(): that waits for a server that may hang.
    this.client.connection.stream.destroy();
  }

  private scheduleHeartbeat(): void {
    if (this.over) return;
    this.heartbeat = setTimeout(() => void this.beat(), HEARTBEAT_MS);
  }

  private async beat(): Promise<void> {
    try {
      await this.ask('SELECT 1');
    } catch (error) {
      this.lose(error instanceof Error ? error.message : String(error));
      return;
    }
    this.scheduleHeartbeat();
  }

  // An answer comes after all notifications that were sent before it, so it proves these too.
  private async ask(statement: string): Promise<void> {
    const askedAt = performance.now();
    await this.watch.guard(this.client.query(statement));
    this.provenAt = askedAt;
  }

  private lose(reason: string): void {
    if (this.over) return;
    this.close();
    this.input.onLost(reason);
  }
}
