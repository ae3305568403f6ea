import { FrozenClock } from '../../src/rate-limiting/domain/clock.js';
import {
  type Claim,
  type CounterRef,
  type CounterStore,
  type Hold,
  type ReserveAnswer,
  type ReserveCommand,
  type UnitAmounts,
} from '../../src/rate-limiting/domain/counters.js';
import { reservationId } from '../../src/rate-limiting/domain/ids.js';
import { type Unit } from '../../src/rate-limiting/domain/operation.js';

const FAR = Date.parse('2099-01-01T00:00:00Z');
export const START = Date.parse('2026-11-21T12:00:00Z');

let ids = 0;

export function counterOf(id: string, window = '2026-11-01'): CounterRef {
  return { subject: { kind: 'user', id }, window, expiresAtMs: FAR };
}

export function claim(unit: Unit, max: number, base: number, more: Partial<Claim> = {}): Claim {
  return { unit, max, hard: true, base, perElastic: 0, ...more };
}

export function reserveOf(
  counters: ReserveCommand['counters'],
  more: Partial<Omit<ReserveCommand, 'counters'>> = {},
): ReserveCommand {
  return { id: reservationId(`r${++ids}`), ttlMs: 60_000, elastic: { min: 0, max: 0 }, counters, ...more };
}

/** Reserves, loading cold counters from `ledger` as the service does. */
export async function reserveLoading(
  store: CounterStore,
  command: ReserveCommand,
  ledger: UnitAmounts = {},
): Promise<ReserveAnswer> {
  const answer = await store.reserve(command);
  if (answer.kind !== 'cold') return answer;
  for (const cold of answer.cold) await store.load(cold, ledger);
  return store.reserve(command);
}

export async function held(
  store: CounterStore,
  command: ReserveCommand,
  ledger: UnitAmounts = {},
): Promise<Hold> {
  const answer = await reserveLoading(store, command, ledger);
  if (answer.kind !== 'reserved') throw new Error(`expected a reservation, got ${answer.kind}`);
  return answer.hold;
}

async function stateOf(store: CounterStore, counter: CounterRef) {
  const [answer] = await store.read([counter]);
  if (answer?.kind !== 'warm') return answer?.kind;
  return { used: nonZero(answer.state.used), reserved: nonZero(answer.state.reserved) };
}

/** A unit that was never met and one of which nothing is used are the same. */
export function nonZero(of: UnitAmounts = {}): UnitAmounts {
  return Object.fromEntries(Object.entries(of).filter(([, amount]) => amount !== 0));
}

/** What every CounterStore does, Redis or memory: one behaviour. */
export function describeCounterStore(name: string, newStore: (clock: FrozenClock) => CounterStore): void {
  describe(`${name} as a CounterStore`, () => {
    let clock: FrozenClock;
    let store: CounterStore;
    let counter: CounterRef;

    beforeEach(() => {
      clock = new FrozenClock(START);
      store = newStore(clock);
      counter = counterOf(`u${++ids}`);
    });

    it('answers cold for a counter it does not know, and reserves once it is loaded', async () => {
      const command = reserveOf([{ counter, claims: [claim('calls', 10, 1)] }]);
      expect((await store.reserve(command)).kind).toBe('cold');
      const answer = await reserveLoading(store, command, { calls: 4 });
      expect(answer).toMatchObject({ kind: 'reserved', states: [[{ used: 4, reserved: 1 }]] });
    });

    it('G1: lets exactly as many through as the limit has room for', async () => {
      const claims = [claim('calls', 50, 1)];
      const answers = await Promise.all(
        Array.from({ length: 400 }, () => reserveLoading(store, reserveOf([{ counter, claims }]))),
      );
      expect(answers.filter(({ kind }) => kind === 'reserved')).toHaveLength(50);
      expect(answers.filter(({ kind }) => kind === 'denied')).toHaveLength(350);
    });

    it('G2: a denial by one limit leaves every counter as it was', async () => {
      const other = counterOf(`k${++ids}`);
      await held(store, reserveOf([{ counter: other, claims: [claim('tokens', 100, 90)] }]));
      const command = reserveOf([
        { counter, claims: [claim('calls', 10, 1), claim('tokens', 1000, 50)] },
        { counter: other, claims: [claim('tokens', 100, 50)] },
      ]);
      const answer = await reserveLoading(store, command);
      expect(answer).toEqual({
        kind: 'denied',
        states: [
          [
            { used: 0, reserved: 0 },
            { used: 0, reserved: 0 },
          ],
          [{ used: 0, reserved: 90 }],
        ],
      });
      expect(await stateOf(store, counter)).toEqual({ used: {}, reserved: {} });
      expect(await stateOf(store, other)).toEqual({ used: {}, reserved: { tokens: 90 } });
    });

    it('counts a soft limit past its maximum', async () => {
      const claims = [claim('calls', 1, 1, { hard: false })];
      await held(store, reserveOf([{ counter, claims }]));
      const answer = await reserveLoading(store, reserveOf([{ counter, claims }]));
      expect(answer).toMatchObject({ kind: 'reserved', states: [[{ used: 0, reserved: 2 }]] });
    });

    it('G1: grants the largest elastic part that all limits have room for', async () => {
      const claims = [
        claim('tokens', 100, 30, { perElastic: 1 }),
        claim('cost', 1_000, 100, { perElastic: 37.5 }),
      ];
      const answer = await reserveLoading(
        store,
        reserveOf([{ counter, claims }], { elastic: { min: 16, max: 500 } }),
      );
      expect(answer).toMatchObject({
        kind: 'reserved',
        granted: 24,
        states: [
          [
            { used: 0, reserved: 54 },
            { used: 0, reserved: 1_000 },
          ],
        ],
      });
    });

    it('denies where less than the smallest elastic part is left', async () => {
      const claims = [claim('tokens', 100, 90, { perElastic: 1 })];
      const command = reserveOf([{ counter, claims }], { elastic: { min: 16, max: 500 } });
      expect((await reserveLoading(store, command)).kind).toBe('denied');
    });

    it('settles a hold once: reserved becomes used, a second time changes nothing', async () => {
      const hold = await held(
        store,
        reserveOf([{ counter, claims: [claim('tokens', 0, 500), claim('calls', 0, 1)] }]),
      );
      expect(await store.settle(hold, [{ tokens: 120, calls: 1 }])).toBe(true);
      expect(await store.settle(hold, [{ tokens: 120, calls: 1 }])).toBe(false);
      expect(await stateOf(store, counter)).toEqual({
        used: { tokens: 120, calls: 1 },
        reserved: {},
      });
    });

    it('gives a released hold back once', async () => {
      const command = reserveOf([{ counter, claims: [claim('calls', 1, 1)] }]);
      const hold = await held(store, command);
      expect(await store.release(hold)).toBe(true);
      expect(await store.release(hold)).toBe(false);
      expect((await reserveLoading(store, { ...command, id: reservationId(`again${ids}`) })).kind).toBe(
        'reserved',
      );
    });

    it('loads a counter once, however many race to do it', async () => {
      const answer = await store.reserve(reserveOf([{ counter, claims: [claim('calls', 10, 1)] }]));
      if (answer.kind !== 'cold' || !answer.cold[0]) throw new Error('expected a cold counter');
      expect(await store.load(answer.cold[0], { calls: 7 })).toBe(true);
      expect(await store.load(answer.cold[0], { calls: 7 })).toBe(false);
      expect(await stateOf(store, counter)).toEqual({ used: { calls: 7 }, reserved: {} });
    });

    it('G5: a settlement that meets a rebuilt counter has it rebuilt again, adding nothing', async () => {
      const hold = await held(store, reserveOf([{ counter, claims: [claim('calls', 0, 1)] }]));
      await store.invalidate([counter]);
      await held(store, reserveOf([{ counter, claims: [claim('calls', 0, 1)] }]), { calls: 5 });
      await store.settle(hold, [{ calls: 1 }]);
      expect(await stateOf(store, counter)).toBe('cold');
      const after = await reserveLoading(store, reserveOf([{ counter, claims: [claim('calls', 0, 1)] }]), {
        calls: 6,
      });
      expect(after).toMatchObject({ kind: 'reserved', states: [[{ used: 6, reserved: 2 }]] });
    });

    it('counts calls of before a reading in what all share, and does not read that anew for each of them', async () => {
      const counter: CounterRef = {
        subject: { kind: 'system', id: 'all' },
        window: `h${++ids}`,
        expiresAtMs: FAR,
      };
      const before = await held(store, reserveOf([{ counter, claims: [claim('cost', 100, 10)] }]));
      await store.invalidate([counter]);
      const after = await held(store, reserveOf([{ counter, claims: [claim('cost', 100, 10)] }]), {
        cost: 3,
      });
      expect(await store.settle(before, [{ cost: 7 }])).toBe(true);
      expect(await store.settle(before, [{ cost: 7 }])).toBe(false);
      expect(await stateOf(store, counter)).toEqual({ used: { cost: 10 }, reserved: { cost: 10 } });
      expect(await store.settle(after, [{ cost: 5 }])).toBe(true);
      expect(await stateOf(store, counter)).toEqual({ used: { cost: 15 }, reserved: {} });
    });

    it('G5: a settlement voids a load that may have read the ledger before it', async () => {
      const hold = await held(store, reserveOf([{ counter, claims: [claim('calls', 0, 1)] }]));
      await store.invalidate([counter]);
      const [answer] = await store.read([counter]);
      if (answer?.kind !== 'cold') throw new Error('expected a cold counter');
      await store.settle(hold, [{ calls: 1 }]);
      expect(await store.load(answer.cold, { calls: 0 })).toBe(false);
    });

    it('keeps what is reserved when a counter is invalidated', async () => {
      await held(store, reserveOf([{ counter, claims: [claim('calls', 2, 1)] }]));
      await store.invalidate([counter]);
      const answer = await reserveLoading(store, reserveOf([{ counter, claims: [claim('calls', 2, 2)] }]));
      expect(answer).toMatchObject({ kind: 'denied', states: [[{ used: 0, reserved: 1 }]] });
    });

    it('forgets all counters at once, and a load under way with them, but nothing that is reserved', async () => {
      await held(store, reserveOf([{ counter, claims: [claim('calls', 2, 1)] }]), { calls: 1 });
      const other = { ...counter, window: '1999-01-01' };
      const [cold] = await store.read([other]);
      if (cold?.kind !== 'cold') throw new Error('expected a cold counter');
      await store.invalidateAll();
      expect(await store.load(cold.cold, { calls: 0 })).toBe(false);
      expect(await stateOf(store, counter)).toBe('cold');
      const answer = await reserveLoading(store, reserveOf([{ counter, claims: [claim('calls', 2, 2)] }]));
      expect(answer).toMatchObject({ kind: 'denied', states: [[{ used: 0, reserved: 1 }]] });
    });

    it('G4: names the holds past their deadline, until they are renewed or ended', async () => {
      const store2 = newStore(clock);
      const hold = await held(
        store2,
        reserveOf([{ counter, claims: [claim('calls', 0, 1)] }], { ttlMs: 1_000 }),
      );
      expect(hold.deadlineMs).toBe(START + 1_000);
      const mine = async () => (await store2.overdue(1_000)).filter(({ id }) => id === hold.id);
      expect(await mine()).toEqual([]);
      clock.advance(1_000);
      expect(await mine()).toEqual([hold]);
      expect(await store2.renew(hold, 5_000)).toEqual({ ...hold, deadlineMs: START + 6_000 });
      expect(await mine()).toEqual([]);
      clock.advance(5_000);
      const [late] = await mine();
      if (!late) throw new Error('expected an overdue hold');
      expect(await store2.settle(late, [{ calls: 1 }])).toBe(true);
      expect(await mine()).toEqual([]);
      expect(await store2.renew(hold, 5_000)).toBeUndefined();
    });

    it('takes permits up to the burst, then as they refill', async () => {
      const take = { bucket: `b${++ids}`, permits: 1, burst: 3, refillPerSec: 0.5 };
      for (const remaining of [2, 1, 0]) {
        expect(await store.takePermits(take)).toMatchObject({ taken: true, remaining, retryAfterMs: 0 });
      }
      expect(await store.takePermits(take)).toEqual({
        taken: false,
        remaining: 0,
        retryAfterMs: 2_000,
        fullAfterMs: 6_000,
      });
      clock.advance(2_000);
      expect(await store.takePermits(take)).toMatchObject({ taken: true, remaining: 0 });
    });

    it('never holds more permits than the burst, and says when more are asked than it can hold', async () => {
      const take = { bucket: `b${++ids}`, permits: 4, burst: 3, refillPerSec: 1 };
      expect(await store.takePermits(take)).toMatchObject({
        taken: false,
        remaining: 3,
        retryAfterMs: Infinity,
      });
    });

    it('takes permits back, up to the burst', async () => {
      const take = { bucket: `b${++ids}`, permits: 2, burst: 3, refillPerSec: 0.5 };
      await store.takePermits(take);
      expect(await store.givePermits({ ...take, permits: 1 })).toMatchObject({ taken: true, remaining: 2 });
      expect(await store.givePermits({ ...take, permits: 9 })).toEqual({
        taken: true,
        remaining: 3,
        retryAfterMs: 0,
        fullAfterMs: 0,
      });
      expect(await store.takePermits({ ...take, permits: 3 })).toMatchObject({ taken: true, remaining: 0 });
      expect(await store.takePermits(take)).toMatchObject({ taken: false });
    });

    it('tells ids apart that look like keys', async () => {
      const odd = counterOf('a:2026-11-01|b {x},ñ');
      await held(store, reserveOf([{ counter: odd, claims: [claim('calls', 0, 1)] }], { ttlMs: 0 }));
      const late = await store.overdue(1_000);
      expect(late.some((hold) => hold.counters[0]?.counter.subject.id === odd.subject.id)).toBe(true);
      expect(await stateOf(store, odd)).toEqual({ used: {}, reserved: { calls: 1 } });
    });
  });
}
