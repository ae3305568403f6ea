import { formatUsd, parseUsd } from './money.js';

describe('money', () => {
  it.each([
    ['12.5', 12_500_000_000],
    ['0.000000001', 1],
    ['0', 0],
    ['999999.999999999', 999_999_999_999_999],
  ])('reads %s and writes it back', (text, nano) => {
    expect(parseUsd(text)).toBe(nano);
    expect(formatUsd(nano)).toBe(text);
  });

  it.each(['', '-1', '1e3', '1,5', '.5', '1.', '0.0000000001', '1000000', 'NaN'])('refuses %p', (text) => {
    expect(parseUsd(text)).toBeUndefined();
  });
});
