import { randomBytes } from 'node:crypto';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

import { type ChangeFeed, type ShardServer } from '../../../database/index.js';
import { CodedError } from '../../../errors.js';
import { type Hold } from '../../domain/counters.js';
import { type ReservationId } from '../../domain/ids.js';
import { type InstanceRoster } from '../../instances/instance-roster.store.js';

import { asRestored } from '../../kept-reservations.js';
import { type Epoch } from './epoch.js';
import { memberOf, registerCall, releaseCall } from './hold-codec.js';
import { type ShardKeys } from './keys.js';
import { RedisScripts } from './redis-scripts.js';

/** The reservations that live here, as far as they are kept in the epoch's shard. */
export interface HeldReservations {
  holds(): Hold[];
  has(id: ReservationId): boolean;
  rehold(hold: Hold): void;
  /** What is held for work that outlives its process: each instance registers all of it, as the same. */
  kept?(): Promise<readonly Hold[]>;
}

export interface RedisEpochInput {
  readonly server: ShardServer;
  readonly keys: ShardKeys;
  readonly roster: Pick<InstanceRoster, 'self' | 'enter' | 'alive'>;
  readonly held: HeldReservations;
  /** Tells the other instances of a new epoch. */
  readonly feed: Pick<ChangeFeed, 'publish' | 'onChange' | 'onInterruption'>;
  readonly reservationTtlMs: number;
}

/** What a new epoch is announced as; its id is the shard's tag and its name. */
const NEW_EPOCH = 'counterEpoch';

/** How long a call waits for an epoch to open. */
const PATIENCE_MS = 1_000;
const PAUSE_MS = 50;
/** Who waits for others tells them so, and again: a notice may be lost, and who has no calls of its own asks nothing. */
const TELL_EVERY_MS = 1_000;

/**
 * The epoch of a shard whose server may be emptied, restarted or replaced by an older one at any time. Whoever notices
 * names a new one: an empty keyspace, so that every counter is cold. Each instance registers the reservations that it
 * holds, and only when all that live have, the epoch opens: until then nobody can spend what a call in flight still
 * holds (G5).
 */
export class RedisEpoch implements Epoch {
  known: string | undefined;
  turns = 0;
  private opening: Promise<string> | undefined;
  private registeredIn: string | undefined;
  private pushedOutAt = Number.NEGATIVE_INFINITY;
  private readonly scripts: RedisScripts;

  constructor(private readonly input: RedisEpochInput) {
    const { server, keys, feed } = input;
    this.scripts = new RedisScripts(server);
    server.onLost(() => {
      this.lost();
    });
    // An instance without calls of its own would not notice, and all others would wait for it.
    feed.onChange(({ kind, id }) => {
      const [tag, name] = id.split(':');
      if (kind === NEW_EPOCH && tag === keys.tag && name !== this.known) this.look();
    });
    feed.onInterruption(() => {
      this.look();
    });
  }

  get keys(): ShardKeys {
    return this.input.keys;
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
    await this.input.roster.enter();
    let toldAt = Number.NEGATIVE_INFINITY;
    for (;;) {
      const name = await this.name();
      // What is ended in the epoch before, from here on, would stay registered in this one.
      if (name !== this.known) this.lost();
      await this.register(name);
      await this.pushOut(name);
      if (await this.join(name)) {
        this.known = name;
        return name;
      }
      if (performance.now() - toldAt >= TELL_EVERY_MS) {
        await this.input.feed.publish({ kind: NEW_EPOCH, id: `${this.keys.tag}:${name}` });
        toldAt = performance.now();
      }
      await delay(PAUSE_MS);
    }
  }

  /**
   * Asks the server that keeps the shard, and only then has scripts go there: what it holds of an epoch that is known
   * here may be older than what was answered.
   */
  private async name(): Promise<string> {
    const found = await this.input.server.find();
    const [name] = await new RedisScripts(found).run('epoch', {
      keys: [this.keys.epoch, this.keys.open],
      args: [randomBytes(5).toString('hex'), found.identity],
    });
    this.input.server.take(found);
    return String(name);
  }

  /** The reservations that live here, once an epoch. */
  private async register(epoch: string): Promise<void> {
    if (this.registeredIn === epoch) return;
    // Answers that came together with the epoch's name are read first: what they hold is to be registered too.
    await turn();
    const { held } = this.input;
    const holds = held.holds().map(asRestored);
    this.turns++;
    this.pushedOutAt = performance.now();
    for (const hold of holds) {
      held.rehold(hold);
      await this.registerHold(epoch, hold);
    }
    // Those that ended meanwhile ended in the epoch before, where this one does not look.
    for (const hold of holds) if (!held.has(hold.id)) await this.drop(epoch, hold);
    await this.registerKept(epoch);
    this.registeredIn = epoch;
  }

  /** The sweep renews only in an epoch that is open: what outlived its life while this one was not would be charged at once. */
  private async pushOut(epoch: string): Promise<void> {
    const { held, keys, reservationTtlMs: ttlMs } = this.input;
    const now = performance.now();
    if (now - this.pushedOutAt < ttlMs / 3) return;
    this.pushedOutAt = now;
    for (const hold of held.holds())
      await this.scripts.run('renew', { keys: [keys.live(epoch)], args: ['', memberOf(hold), ttlMs] });
  }

  private async registerKept(epoch: string): Promise<void> {
    const { held } = this.input;
    const kept = ((await held.kept?.()) ?? []).filter(({ id }) => !held.has(id)).map(asRestored);
    for (const hold of kept) await this.registerHold(epoch, hold);
    if (kept.length === 0) return;
    // Whoever ended one meanwhile may have looked for it in the epoch before.
    const going = new Set((await held.kept?.())?.map(({ id }) => id));
    for (const hold of kept) if (!going.has(hold.id)) await this.drop(epoch, hold);
  }

  private async registerHold(epoch: string, hold: Hold): Promise<void> {
    // A life anew: the deadline that it was given first may have been pushed out since, more than once.
    const ttlMs = this.input.reservationTtlMs;
    await this.scripts.run('register', registerCall(this.keys, epoch, { hold, ttlMs }));
  }

  private async drop(epoch: string, hold: Hold): Promise<void> {
    await this.scripts.run('release', releaseCall(this.keys, epoch, hold));
  }

  private async join(epoch: string): Promise<boolean> {
    const { roster } = this.input;
    const alive = await roster.alive();
    const [joined] = await this.scripts.run('join-epoch', {
      keys: [this.keys.epoch, this.keys.open],
      args: [epoch, roster.self, ...alive],
    });
    return joined === 1;
  }
}

function recovering(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The counters were lost and are being rebuilt; not every instance has registered its calls in flight yet. Try again in a second.',
    { retryAfterMs: 1_000 },
  );
}
