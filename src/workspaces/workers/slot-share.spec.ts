import fc from 'fast-check';

import { nextShareStep } from './slot-share.js';

/** Instances take their steps in the order given, until none has a step to take. */
function settle(
  counts: number[],
  free: number,
  order: readonly number[],
): { counts: number[]; free: number } {
  const shared = [...counts];
  let left = free;
  let idle = 0;
  for (let turn = 0; idle < shared.length && turn < 1_000; turn++) {
    const at = turn < order.length ? (order[turn] ?? 0) % shared.length : turn % shared.length;
    const mine = shared[at] ?? 0;
    const others = shared.filter((_, index) => index !== at);
    const { take, give } = nextShareStep({ free: left, mine, others });
    shared[at] = mine + take - give;
    left += give - take;
    idle = take + give === 0 && turn >= order.length ? idle + 1 : 0;
  }
  return { counts: shared, free: left };
}

describe('the share of slots', () => {
  it('one instance has them all', () => {
    expect(nextShareStep({ free: 8, mine: 0, others: [] })).toEqual({ take: 8, give: 0 });
    expect(nextShareStep({ free: 0, mine: 8, others: [] })).toEqual({ take: 0, give: 0 });
  });

  it('one that comes gets half, one that goes leaves its half', () => {
    expect(nextShareStep({ free: 0, mine: 8, others: [0] })).toEqual({ take: 0, give: 4 });
    expect(nextShareStep({ free: 4, mine: 0, others: [4] })).toEqual({ take: 4, give: 0 });
    expect(nextShareStep({ free: 4, mine: 4, others: [] })).toEqual({ take: 4, give: 0 });
  });

  it('comes to rest with all slots taken and no two instances more than one apart, whatever the order', () => {
    const counts = fc.array(fc.nat(12), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.nat(20), fc.array(fc.nat(100), { maxLength: 30 }), (before, free, order) => {
        const after = settle(before, free, order);
        expect(after.free).toBe(0);
        expect(Math.max(...after.counts) - Math.min(...after.counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
