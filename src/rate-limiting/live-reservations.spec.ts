import { type Hold } from './domain/counters.js';
import { LiveReservations } from './live-reservations.js';
import { newReservationId } from './reservation-ids.js';
import { type Reservation } from './reservation.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const COUNTER = {
  subject: { kind: 'user', id: 'anna' },
  window: '2026-11-01',
  expiresAtMs: NOW + 86_400_000,
} as const;

describe('LiveReservations', () => {
  it('G11: ends a hold again that was registered anew while its end waited for the store', async () => {
    const live = new LiveReservations();
    const { reservation, hold } = aReservation(7);
    live.add(reservation);
    const anew: Hold = { ...hold, counters: [{ counter: COUNTER, version: 0, amounts: [] }] };
    const ended: (Hold | undefined)[] = [];
    await live.end(reservation.id, () =>
      Promise.resolve((given) => {
        if (ended.length === 0) live.rehold(anew);
        ended.push(given);
        return Promise.resolve();
      }),
    );
    expect(ended).toEqual([hold, anew]);
    expect(live.has(reservation.id)).toBe(false);
  });

  it('ends a hold once where nothing changed', async () => {
    const live = new LiveReservations();
    const { reservation, hold } = aReservation(7);
    live.add(reservation);
    const ended: (Hold | undefined)[] = [];
    await live.end(reservation.id, () => Promise.resolve((given) => Promise.resolve(ended.push(given))));
    expect(ended).toEqual([hold]);
  });
});

function aReservation(version: number): { reservation: Reservation; hold: Hold } {
  const id = newReservationId(NOW);
  const hold = { id, deadlineMs: NOW + 1_000, counters: [{ counter: COUNTER, version, amounts: [] }] };
  const reservation: Reservation = {
    id,
    hold,
    caller: {},
    operation: 'llm_call',
    estimate: {
      inputTokens: 0,
      baseCostNanoUsd: 0,
      outputCostNanoUsd: 0,
      priced: true,
      count: 1,
      provider: 'p',
      model: 'm',
    },
    grantedOutputTokens: 0,
    limits: [],
    reservedAtMs: NOW,
    day: '2026-11-21',
    localDay: '2026-11-21',
    passedCounters: [],
    shadowDenied: [],
  };
  return { reservation, hold };
}
