import { type Tokenizer, tokenizerOf, utf8Bytes } from './tokenizer.js';

/**
 * How much of one request the tokenizer counts, in characters of ASCII; other characters take longer and weigh up to
 * five. It takes 50 ms for English, 300 ms for the worst text. What is past it is counted as a token a byte: never too
 * little, and about four times too much for English.
 */
const TOKENIZER_WORK = 512 * 1024;

/** Merging one run of letters takes time by the square of its length, so longer texts are cut … */
const WHOLE = 512;
/** … where the encoding splits them anyway, looked for in this many characters, */
const WINDOW = 1024;
/** or, in a run without such a place, here, at the price of a token. */
const RUN = 256;

/** Between two letters, these begin a new piece of every OpenAI encoding. */
const PIECE_START = new Set(' ,.;:!?()-–—、。,:!?');
const LETTER = /\p{L}/u;

/** Counts the texts of one request under a common budget of time. */
export class TextCounter {
  private readonly tokenizer: Tokenizer;
  private last: { readonly text: string; readonly tokens: number } | undefined;

  constructor(
    model: string,
    private work = TOKENIZER_WORK,
  ) {
    this.tokenizer = tokenizerOf(model);
  }

  /** The tokens of a text: exact where the model's encoding is known, otherwise never too few. */
  count(text: string): number {
    if (this.tokenizer === utf8Bytes) return utf8Bytes(text);
    let total = 0;
    let at = 0;
    while (at < text.length && this.work > 0) {
      const { end, exact } = nextCut(text, at);
      total += this.countPart(text.slice(at, end)) + (exact ? 0 : 1);
      at = end;
    }
    return at < text.length ? total + utf8Bytes(text.slice(at)) : total;
  }

  private countPart(text: string): number {
    // One character repeated a million times is the same part over and over.
    if (this.last?.text === text) return this.last.tokens;
    this.work -= 2 * utf8Bytes(text) - text.length;
    const tokens = this.tokenizer(text);
    this.last = { text, tokens };
    return tokens;
  }
}

function nextCut(text: string, at: number): { end: number; exact: boolean } {
  if (text.length - at <= WHOLE) return { end: text.length, exact: true };
  for (let end = Math.min(at + WINDOW, text.length - 1); end > at + 1; end--) {
    if (startsPiece(text, end)) return { end, exact: true };
  }
  const end = at + RUN;
  return { end: isLowSurrogate(text.charCodeAt(end)) ? end + 1 : end, exact: false };
}

function startsPiece(text: string, at: number): boolean {
  return (
    PIECE_START.has(text.charAt(at)) && LETTER.test(text.charAt(at - 1)) && LETTER.test(text.charAt(at + 1))
  );
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
