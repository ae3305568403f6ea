/** Slow speech, so that a text never takes longer: letters a second, and those of scripts that write syllables or words. */
const LETTERS = 10;
const SYLLABLES = 3;
const SYLLABIC = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

/** How many seconds a text takes to be spoken: an upper estimate. */
export function speakingSeconds(text: string): number {
  const all = Array.from(text).length;
  const syllabic = text.match(SYLLABIC)?.length ?? 0;
  return Math.max(1, Math.ceil((all - syllabic) / LETTERS + syllabic / SYLLABLES));
}
