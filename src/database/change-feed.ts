import { type EntityManager } from 'typeorm';
import { FeedConnection } from './feed-connection.js';
import { SilenceWatch } from './silence-watch.js';
import { type SqlPool } from './sql-pool.js';
import { type StartLog } from './start-log.js';

/** A row that was changed: what it is, and which. */
export interface Change {
  readonly kind: string;
  readonly id: string;
}

export interface ChangeFeedInput {
  readonly url: string;
  readonly pool: SqlPool;
  readonly log: StartLog;
  /** How long the database may say nothing to those who load rows from it. */
  readonly silenceMs: number;
}

export const CHANNEL = 'cuota_changes';
const NOTIFY = { name: 'change_feed_notify', text: `SELECT pg_notify('${CHANNEL}', $1)` };
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Tells every instance of a changed row, through Postgres' LISTEN and NOTIFY. While it is not live nobody may trust
 * what was read before: see FreshCache.
 */
export class ChangeFeed {
  private readonly changeListeners = new Set<(change: Change) => void>();
  private readonly interruptionListeners = new Set<() => void>();
  private connection: FeedConnection | undefined;
  private retry: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private closed = false;
  /** One watch for all who load rows: an answer to any of them tells that the database lives. */
  readonly silence: SilenceWatch;

  constructor(private readonly input: ChangeFeedInput) {
    this.silence = new SilenceWatch(input.silenceMs);
  }

  /** Resolves after the first attempt; where that failed, it goes on trying by itself. */
  async start(): Promise<void> {
    await this.connect();
  }

  /** Tells all instances, this one included. With a manager: in its transaction, so that they hear of it when it commits. */
  async publish({ kind, id }: Change, manager?: EntityManager): Promise<void> {
    const payload = JSON.stringify({ kind, id });
    if (manager) await manager.query(NOTIFY.text, [payload]);
    else await this.input.pool.query(NOTIFY, [payload]);
  }

  /** @returns ends it */
  onChange(listener: (change: Change) => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  /** Called when changes may have been missed, and again when from now on none will be. @returns ends it */
  onInterruption(listener: () => void): () => void {
    this.interruptionListeners.add(listener);
    return () => this.interruptionListeners.delete(listener);
  }

  /** Whether every change that was committed up to a second ago has been heard of. */
  live(): boolean {
    return this.connection?.live() ?? false;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.connection?.close();
    this.connection = undefined;
  }

  private async connect(): Promise<void> {
    const connection = new FeedConnection({
      url: this.input.url,
      channel: CHANNEL,
      onMessage: (payload) => {
        this.hear(payload);
      },
      onLost: (reason) => {
        this.lose(connection, reason);
      },
    });
    try {
      await connection.open();
    } catch (error) {
      this.tryAgain(error);
      return;
    }
    if (this.closed) {
      connection.close();
      return;
    }
    this.connection = connection;
    if (this.pauseMs > FIRST_PAUSE_MS) this.input.log.log('The change feed is live again.');
    this.pauseMs = FIRST_PAUSE_MS;
    this.interrupt();
  }

  private lose(connection: FeedConnection, reason: string): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.interrupt();
    if (this.closed) return;
    this.input.log.warn(
      `The change feed was lost (${reason}); until it is back, what is cached is read from Postgres.`,
    );
    this.tryAgain(undefined);
  }

  private tryAgain(error: unknown): void {
    if (this.closed) return;
    if (error !== undefined && this.pauseMs === FIRST_PAUSE_MS) {
      this.input.log.warn(`The change feed cannot connect to Postgres: ${reasonOf(error)}; trying on.`);
    }
    this.retry = setTimeout(() => void this.connect(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  private interrupt(): void {
    for (const listener of this.interruptionListeners) listener();
  }

  private hear(payload: string): void {
    const change = readChange(payload);
    if (!change) {
      this.input.log.warn(`The change feed ignores a message that is none of ours: ${payload.slice(0, 200)}`);
      return;
    }
    for (const listener of this.changeListeners) listener(change);
  }
}

function readChange(payload: string): Change | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== 'object' || value === null || !('kind' in value) || !('id' in value))
      return undefined;
    const { kind, id } = value;
    return typeof kind === 'string' && typeof id === 'string' ? { kind, id } : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : 'for a reason unknown';
}
