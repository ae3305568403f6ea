/** On every output: whose it is, and that a model made it, so that it can be told from what people upload. */
const ORIGIN_TAGS = ['cuota', 'ai-generated'];

const MAX_WORDS = 10;
const MAX_WORD_LENGTH = 40;

/** English words that say nothing of a picture. Prompts in other languages keep theirs. */
const STOP_WORDS = new Set(
  `a about above after again all also am an and any are around as at be because been before behind being below
   between both but by can cannot could create did do does doing down draw during each every few for from further
   generate get give had has have having he her here hers him his how i if image in into is it its itself just let
   like make many me more most much must my near next no nor not of off on once one only onto or other our ours out
   over own paint per photo picture please render same she should show so some such than that the their theirs them
   then there these they this those through to too toward towards two under until up upon us use using very video
   want was we were what when where which while who whom why will with within without would you your yours`.split(
    /\s+/,
  ),
);

/** Knows where words end in scripts without spaces too. */
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * What an output can be found by: the first ten meaningful words of its prompt, in lower case, the caller's own tags,
 * `cuota` and `ai-generated`. No tag holds a comma, which stands between them elsewhere.
 */
export function tagsOf(prompt: string, own: readonly string[] = []): string[] {
  const tags = new Set<string>();
  for (const { segment, isWordLike } of SEGMENTER.segment(prompt.normalize('NFKC').toLowerCase())) {
    if (isWordLike === true && isMeaningful(segment)) tags.add(segment);
    if (tags.size === MAX_WORDS) break;
  }
  const more = own.map((tag) =>
    tag
      .replace(/[,\s\p{Cc}]+/gu, ' ')
      .trim()
      .toLowerCase(),
  );
  return [...new Set([...tags, ...more.filter((tag) => tag !== ''), ...ORIGIN_TAGS])];
}

function isMeaningful(word: string): boolean {
  if (word.length > MAX_WORD_LENGTH || STOP_WORDS.has(word) || word.includes("'") || word.includes('’'))
    return false;
  return word.length > 1 ? /\p{L}/u.test(word) : /[\p{Script=Han}\p{Script=Hangul}]/u.test(word);
}
