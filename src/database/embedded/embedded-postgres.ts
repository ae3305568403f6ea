import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type StartLog } from '../start-log.js';
import { DataFolderLock } from './data-folder-lock.js';
import { openDataFolder } from './data-folder.js';
import { DATABASE, enterPostmaster, FIRST_DATABASE, isGoing, postgresUrl } from './enter-postmaster.js';
import { choosePostgresAccount } from './postgres-account.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import { stopPostmaster, type Postmaster, type PostmasterInput } from './postmaster.js';

export interface EmbeddedPostgresInput {
  /** Absolute. Made where it is not there. */
  readonly dataDir: string;
  readonly log: StartLog;
}

/** A PostgreSQL that this process keeps running. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Ends it gracefully. Everything committed is on disk. */
  stop(): Promise<void>;
}

const LONGEST_PAUSE_MS = 2_000;

/**
 * The PostgreSQL of a server without DATABASE_URL: in `<DATA_DIR>/postgres`, on 127.0.0.1 only, fsync on. One that a
 * killed server left running is taken over. If it dies, it is started again on the same port.
 *
 * @throws Error of one line where it cannot run, or where another server uses the folder
 */
export async function startEmbeddedPostgres({
  dataDir,
  log,
}: EmbeddedPostgresInput): Promise<EmbeddedPostgres> {
  mkdirSync(dataDir, { recursive: true });
  const binaries = findPostgresBinaries();
  const account = choosePostgresAccount(dataDir, binaries.postgres);
  const folder = await openDataFolder({ dataDir, binaries, account });
  const keeper = new PostgresKeeper({ folder, binaries, account }, dataDir, log);
  await keeper.start();
  return keeper;
}

class PostgresKeeper implements EmbeddedPostgres {
  private postmaster: Postmaster | undefined;
  private lock: DataFolderLock | undefined;
  private healing: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly input: PostmasterInput,
    private readonly dataDir: string,
    private readonly log: StartLog,
  ) {}

  get url(): string {
    if (!this.postmaster) throw new Error('The embedded PostgreSQL was not started.');
    return postgresUrl(this.input.folder, this.postmaster, DATABASE);
  }

  async start(): Promise<void> {
    await this.run();
    await this.lock?.ensureDatabase(DATABASE);
    process.once('exit', this.onExit);
    const how = this.postmaster?.child ? 'runs' : 'was left running and is taken over';
    this.log.log(
      `The embedded PostgreSQL ${how}: ${this.input.folder.path}, 127.0.0.1:${this.postmaster?.port}`,
    );
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    process.off('exit', this.onExit);
    await this.healing;
    await this.lock?.release().catch(() => undefined);
    if (this.postmaster && this.lock) await stopPostmaster(this.postmaster, this.input.folder);
  }

  // Whoever ends the process without stop(), such as a start that fails later on, leaves nothing running behind.
  private readonly onExit = (): void => {
    if (this.postmaster && this.lock?.held) process.kill(this.postmaster.pid, 'SIGINT');
  };

  private async run(): Promise<void> {
    const { port } = this.postmaster ?? {};
    const { postmaster, entered } = await enterPostmaster(
      port === undefined ? this.input : { ...this.input, port },
      (running) => this.takeLock(running),
    );
    this.postmaster = postmaster;
    this.lock = entered;
    if (this.lock) return;
    throw new Error(
      `Another Cuota server uses the data folder ${this.dataDir} (its PostgreSQL is process ${postmaster.pid}): stop that one, or set another DATA_DIR, or a DATABASE_URL for both.`,
    );
  }

  private async takeLock(postmaster: Postmaster): Promise<DataFolderLock | undefined> {
    const onLost = (): void => {
      this.healing ??= this.heal();
    };
    try {
      return await DataFolderLock.take({
        url: postgresUrl(this.input.folder, postmaster, FIRST_DATABASE),
        onLost,
      });
    } catch (error) {
      if (isGoing(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(
        `The embedded PostgreSQL in ${this.input.folder.path} runs but lets nobody in with the password in ${this.dataDir}/postgres-password: ${reason}`,
        { cause: error },
      );
    }
  }

  private async heal(): Promise<void> {
    this.log.warn(
      `The embedded PostgreSQL broke off; its log is ${this.input.folder.logPath}. Starting it again.`,
    );
    for (let pauseMs = 50; !this.isStopping(); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.run();
        if (this.lock?.held) break;
      } catch (error) {
        this.log.warn(error instanceof Error ? error.message : String(error));
      }
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    this.healing = undefined;
    if (!this.isStopping()) this.log.log('The embedded PostgreSQL is back.');
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}
