import { countText } from '../pricing/index.js';

/** A text within a cap of tokens. */
export interface CutText {
  readonly text: string;
  readonly tokens: number;
  /** Whether nothing had to be cut. */
  readonly whole: boolean;
}

/** The longest beginning of a text that is at most `cap` tokens. */
export function cutToTokens(full: string, cap: number): CutText {
  const tokens = tokensOf(full);
  if (tokens <= cap) return { text: full, tokens, whole: true };
  const letters = Array.from(full);
  let fits = 0;
  let tooLong = letters.length;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (tokensOf(letters.slice(0, middle).join('')) <= cap) fits = middle;
    else tooLong = middle;
  }
  const text = letters.slice(0, fits).join('');
  return { text, tokens: tokensOf(text), whole: false };
}

function tokensOf(text: string): number {
  return countText(text, 'simulated-text');
}
