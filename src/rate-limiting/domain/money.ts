/** Money is counted in integer nano-dollars (10⁻⁹ USD) inside and written as decimal USD strings outside. */
export const NANO_PER_USD = 1_000_000_000;

const DECIMAL_USD = /^(\d{1,6})(?:\.(\d{1,9}))?$/;

/** `"12.5"` → 12_500_000_000. `undefined` where the text is not a non-negative USD amount below a million. */
export function parseUsd(text: string): number | undefined {
  const match = DECIMAL_USD.exec(text);
  if (!match) return undefined;
  const [, whole = '0', fraction = ''] = match;
  return Number(whole) * NANO_PER_USD + Number(fraction.padEnd(9, '0'));
}

/** 12_500_000_000 → `"12.5"`; never an exponent, no trailing zeros beyond cents' need. */
export function formatUsd(nanoUsd: number): string {
  const sign = nanoUsd < 0 ? '-' : '';
  const nano = Math.abs(Math.round(nanoUsd));
  const whole = Math.floor(nano / NANO_PER_USD);
  const fraction = String(nano % NANO_PER_USD)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
