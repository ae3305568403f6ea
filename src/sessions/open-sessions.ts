import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { type Settings, SETTINGS } from '../config/index.js';
import { CodedError } from '../errors.js';
import { CircuitBreaker, Clock, type OpenBreaker, type UserId } from '../rate-limiting/index.js';

import { type Session, type SessionFacts } from './session.js';
import { SessionStore } from './session.store.js';
import { type Ending } from './wire/close-codes.js';

/** How often the sessions' time is looked at. */
const TICK_MS = 250;
const PING_MS = 20_000;

/** The sessions of this process: how many a user has, when their time is over, and their end when the server stops. */
@Injectable()
export class OpenSessions implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Sessions');
  private readonly open = new Set<Session>();
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;
  private pingAtMs = 0;
  private closing = false;

  constructor(
    private readonly breaker: CircuitBreaker,
    private readonly store: SessionStore,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.tick();
    }, TICK_MS).unref();
    this.stopListening = this.breaker.onOpened((open) => {
      for (const session of this.open) void session.end('circuit_open', breakerOpen(open, this.clock.now()));
    });
  }

  /** Before the HTTP server closes: it waits for every connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    clearInterval(this.timer);
    this.stopListening?.();
    await Promise.all([...this.open].map((session) => session.end('shutdown', shuttingDown())));
  }

  /**
   * Whether the user may open another one.
   * @throws CodedError `rate_limit_exceeded` with too many open, `circuit_open`, `store_unavailable` while we stop.
   */
  async check(user: UserId | undefined): Promise<void> {
    if (!this.hasRoom(user)) throw this.noRoom();
    const state = await this.breaker.state();
    if (state.kind === 'open') throw breakerOpen(state, this.clock.now());
  }

  /** Asked again when it comes to it: others may have opened theirs meanwhile. */
  hasRoom(user: UserId | undefined): boolean {
    const own = [...this.open].filter(({ facts }) => facts.caller.userId === user).length;
    return !this.closing && own < this.settings.budgets.sessionMaxPerUser;
  }

  noRoom(): CodedError {
    return this.closing ? shuttingDown() : tooMany(this.settings.budgets.sessionMaxPerUser);
  }

  /** Makes it known to all instances. @throws CodedError `store_unavailable` */
  announce(facts: SessionFacts): Promise<void> {
    return this.store.begin(facts);
  }

  add(session: Session): void {
    this.open.add(session);
  }

  remove(session: Session, ending: Ending): void {
    this.open.delete(session);
    const { id, caller, startedAtMs } = session.facts;
    // Where it cannot be noted, its time ends it.
    this.store.end(id, this.clock.now()).catch((error: unknown) => {
      this.logger.warn({ err: error, sessionId: id }, 'The end of a session was not noted.');
    });
    this.logger.log({ sessionId: id, userId: caller.userId, ending, startedAtMs }, 'session ended');
  }

  private tick(): void {
    const now = this.clock.now();
    const asks = now >= this.pingAtMs;
    if (asks) this.pingAtMs = now + PING_MS;
    for (const session of this.open) {
      if (session.isExpired) void session.end('expired', timeOver());
      else if (asks) session.checkAlive();
    }
  }
}

function timeOver(): CodedError {
  return new CodedError(
    'rate_limit_exceeded',
    'session.duration: the session lasted as long as one may (SESSION_MAX_MINUTES). Open another one.',
  );
}

function shuttingDown(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The server is shutting down; what was used is settled. Open another session in a few seconds.',
    { retryAfterMs: 5_000 },
  );
}

function tooMany(most: number): CodedError {
  return new CodedError(
    'rate_limit_exceeded',
    `You have ${most} sessions open here, and no more may be (SESSION_MAX_PER_USER). Close one first.`,
    { retryAfterMs: 10_000 },
  );
}

function breakerOpen({ closesAtMs }: OpenBreaker, nowMs: number): CodedError {
  const until = new Date(closesAtMs).toISOString();
  return new CodedError(
    'circuit_open',
    `All callers together spent what they may, so no session goes on. Sessions open again from ${until} on, or when an admin closes the breaker.`,
    { retryAfterMs: Math.max(1_000, closesAtMs - nowMs) },
  );
}
