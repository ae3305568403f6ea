import fc from 'fast-check';

import { type Claim } from './counters.js';
import { amountOf, grant } from './decision.js';

const cost = (base: number, perElastic: number, max: number): Claim => ({
  unit: 'cost',
  max,
  hard: true,
  base,
  perElastic,
});

describe('grant', () => {
  it('G1: never grants more than there is room for, however the price divides', () => {
    const price = fc.double({ min: 0.001, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        price,
        fc.nat(10_000_000),
        fc.nat(1_000_000),
        (base, per, max, reserved) => {
          const claim = cost(base, per, max + 1);
          const granted = grant({ min: 0, max: 100_000 }, [{ claim, state: { used: 0, reserved } }]);
          if (granted !== undefined)
            expect(amountOf(claim, granted) + reserved).toBeLessThanOrEqual(claim.max);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('G1: a division that rounds up by a hair does not overshoot', () => {
    // 49 × (1/49) is a hair below 1, and 1 / (1/49) a hair above 49: the kind of price that a quotient gets wrong.
    const wrong = hairs();
    expect(wrong.length).toBeGreaterThan(0);
    for (const { per, room } of wrong) {
      const granted = grant({ min: 0, max: 1e9 }, [
        { claim: cost(0, per, room), state: { used: 0, reserved: 0 } },
      ]);
      expect(amountOf({ base: 0, perElastic: per }, granted ?? 0)).toBeLessThanOrEqual(room);
    }
  });

  it('grants what is wanted where limits are soft, unlimited or wide enough', () => {
    const state = { used: 90, reserved: 5 };
    const elastic = { min: 16, max: 500 };
    expect(grant(elastic, [{ claim: { ...cost(10, 1, 100), hard: false }, state }])).toBe(500);
    expect(grant(elastic, [{ claim: cost(10, 1, 0), state }])).toBe(500);
    expect(grant(elastic, [{ claim: cost(10, 1, 1_000), state }])).toBe(500);
  });

  it('denies where the smallest does not fit, and where a fixed claim does not', () => {
    const state = { used: 90, reserved: 5 };
    expect(grant({ min: 1, max: 500 }, [{ claim: cost(5, 1, 100), state }])).toBeUndefined();
    expect(grant({ min: 0, max: 0 }, [{ claim: cost(6, 0, 100), state }])).toBeUndefined();
    expect(grant({ min: 0, max: 0 }, [{ claim: cost(5, 0, 100), state }])).toBe(0);
  });
});

function hairs(): { per: number; room: number }[] {
  const found: { per: number; room: number }[] = [];
  for (let room = 1; room < 300; room++) {
    for (let tenths = 1; tenths < 300; tenths++) {
      const per = tenths / 10;
      if (Math.ceil(per * Math.floor(room / per)) > room) found.push({ per, room });
    }
  }
  return found;
}
