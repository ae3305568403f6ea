import { keySlot, spreadTags } from './redis-key-slot.js';

describe('keySlot', () => {
  // The first is the check value of the specification, the others are what CLUSTER KEYSLOT says.
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['0', 13_907],
  ])('finds the slot of %s', (tag, slot) => {
    expect(keySlot(tag)).toBe(slot);
  });
});

describe('spreadTags', () => {
  it('gives tags in the order of their slots, one a stretch', () => {
    const slots = spreadTags(32).map(keySlot);
    expect(slots.map((slot) => Math.floor(slot / 512))).toEqual([...Array(32).keys()]);
  });

  it('never changes: what is counted would be looked for elsewhere', () => {
    expect(spreadTags(32).join(' ')).toBe(
      '10 113 21 3 61 72 50 43 11 112 20 2 60 73 51 42 12 111 23 1 63 70 52 41 13 110 22 0 62 71 53 40',
    );
  });
});
