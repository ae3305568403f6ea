import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { type ChangeFeed } from '../../../database/index.js';
import { CodedError } from '../../../errors.js';
import { type Hold } from '../../domain/counters.js';
import { type InstanceRoster } from '../../instances/instance-roster.store.js';
import { type LiveReservations } from '../../live-reservations.js';

import { type Epoch } from './epoch.js';
import { holdKeys, memberOf, releaseCall } from './hold-codec.js';
import { PLAIN_KEYS } from './keys.js';
import { RedisScripts, type ScriptRunner } from './redis-scripts.js';

/** What an epoch needs of a Redis connection; ioredis has it. */
export interface EpochRedis extends ScriptRunner {
  info(section: 'server'): Promise<string>;
  on(event: 'close', listener: () => void): unknown;
}

/** Tells the other instances of a new epoch; the ChangeFeed does. */
export type EpochFeed = Pick<ChangeFeed, 'publish' | 'onChange' | 'onInterruption'>;

/** What a new epoch is announced as; its id is its name. */
const NEW_EPOCH = 'counterEpoch';

/** How long a call waits for an epoch to open. */
const PATIENCE_MS = 1_000;
const PAUSE_MS = 50;
/** Who waits for others tells them so, and again: a notice may be lost, and who has no calls of its own asks nothing. */
const TELL_EVERY_MS = 1_000;

/**
 * The epoch of a Redis that may be emptied, restarted or replaced by an older one at any time. Whoever notices names a new
 * one: an empty keyspace, so that every counter is cold. Each instance registers the reservations that it holds, and only
 * when all that live have, the epoch opens: until then nobody can spend what a call in flight still holds (G5).
 */
export class RedisEpoch implements Epoch {
  readonly keys = PLAIN_KEYS;
  known: string | undefined;
  private opening: Promise<string> | undefined;
  private registeredIn: string | undefined;
  private readonly scripts: RedisScripts;

  constructor(
    private readonly redis: EpochRedis,
    private readonly roster: InstanceRoster,
    private readonly live: LiveReservations,
    private readonly feed: EpochFeed,
    private readonly reservationTtlMs: number,
  ) {
    this.scripts = new RedisScripts(redis);
    // What answers after a reconnect may be another server, or the same with older data.
    redis.on('close', () => {
      this.lost();
    });
    // An instance without calls of its own would not notice, and all others would wait for it.
    feed.onChange(({ kind, id }) => {
      if (kind === NEW_EPOCH && id !== this.known) this.look();
    });
    feed.onInterruption(() => {
      this.look();
    });
  }

  lost(): void {
    this.known = undefined;
  }

  async current(): Promise<string> {
    if (this.known !== undefined) return this.known;
    const opening = this.begin();
    const late = new AbortController();
    const patience = delay(PATIENCE_MS, undefined, { signal: late.signal, ref: false }).then(() => {
      throw recovering();
    });
    try {
      return await Promise.race([opening, patience]);
    } finally {
      patience.catch(() => undefined);
      late.abort();
    }
  }

  /** Joins a new epoch where there is one. Until that is known the old one may be tried: the scripts know better. */
  private look(): void {
    // Whoever needs the epoch next is told what is wrong.
    this.begin().catch(() => undefined);
  }

  private begin(): Promise<string> {
    this.opening ??= this.open().finally(() => (this.opening = undefined));
    return this.opening;
  }

  private async open(): Promise<string> {
    await this.roster.enter();
    let toldAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const name = await this.name();
      // What is ended in the epoch before, from here on, would stay registered in this one.
      if (name !== this.known) this.lost();
      await this.register(name);
      if (await this.join(name)) {
        this.known = name;
        return name;
      }
      if (performance.now() - toldAt >= TELL_EVERY_MS) {
        await this.feed.publish({ kind: NEW_EPOCH, id: name });
        toldAt = performance.now();
      }
      await delay(PAUSE_MS);
    }
  }

  private async name(): Promise<string> {
    const server = await this.redis.info('server');
    const runId = /^run_id:(\w+)/m.exec(server)?.[1] ?? '';
    const proposal = randomBytes(5).toString('hex');
    const [name] = await this.scripts.run('epoch', {
      keys: [this.keys.epoch, this.keys.open],
      args: [proposal, runId],
    });
    return String(name);
  }

  /** The reservations that live here, once an epoch. */
  private async register(epoch: string): Promise<void> {
    if (this.registeredIn === epoch) return;
    const holds = this.live.holds().map(inNewEpoch);
    for (const hold of holds) {
      this.live.rehold(hold);
      await this.registerHold(epoch, hold);
    }
    // Those that ended meanwhile ended in the epoch before, where this one does not look.
    for (const hold of holds) if (!this.live.has(hold.id)) await this.drop(epoch, hold);
    this.registeredIn = epoch;
  }

  private async registerHold(epoch: string, hold: Hold): Promise<void> {
    const keys = [this.keys.epoch, ...holdKeys(this.keys, epoch, hold)];
    const expiries = hold.counters.map(({ counter }) => counter.expiresAtMs);
    // A life anew: the deadline that it was given first may have been pushed out since, more than once.
    const args = [epoch, memberOf(hold), this.reservationTtlMs, ...expiries];
    await this.scripts.run('register', { keys, args });
  }

  private async drop(epoch: string, hold: Hold): Promise<void> {
    await this.scripts.run('release', releaseCall(this.keys, epoch, hold));
  }

  private async join(epoch: string): Promise<boolean> {
    const alive = await this.roster.alive();
    const [joined] = await this.scripts.run('join-epoch', {
      keys: [this.keys.epoch, this.keys.open],
      args: [epoch, this.roster.self, ...alive],
    });
    return joined === 1;
  }
}

/** Its counters are yet to be loaded: their version is none, so that settling it has them read anew. */
function inNewEpoch(hold: Hold): Hold {
  return { ...hold, counters: hold.counters.map((held) => ({ ...held, version: 0 })) };
}

function recovering(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The counters were lost and are being rebuilt; not every instance has registered its calls in flight yet. Try again in a second.',
    { retryAfterMs: 1_000 },
  );
}
