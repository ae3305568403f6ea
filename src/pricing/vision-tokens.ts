/** What an image in a prompt counts at most: `low` detail, and any other. */
interface ImageTokens {
  readonly low: number;
  readonly high: number;
}

/** After scaling to 2048 and then 768 pixels a picture is at most 2 by 4 tiles of 512 pixels. */
const MAX_TILES = 8;

function byTile(base: number, tile: number): ImageTokens {
  return { low: base, high: base + tile * MAX_TILES };
}

/** Models that count patches of 32 pixels: at most so many, times the model's factor. */
function byPatch(patches: number, factor: number): ImageTokens {
  const tokens = Math.ceil(patches * factor);
  return { low: tokens, high: tokens };
}

/**
 * OpenAI's guide to vision, "Calculating costs": the most a picture of any size can count. The first match holds.
 */
const BY_MODEL: readonly (readonly [RegExp, ImageTokens])[] = [
  [/^gpt-4o-mini/, byTile(2833, 5667)],
  [/^(gpt-4\.1|gpt-5)-mini/, byPatch(1536, 1.62)],
  [/^(gpt-4\.1|gpt-5)-nano/, byPatch(1536, 2.46)],
  [/^o4-mini/, byPatch(1536, 1.72)],
  [/^gpt-5\.\d/, byPatch(10_000, 1.62)],
  [/^gpt-5/, byTile(70, 140)],
  [/^(gpt-4|chatgpt-4o|simulated-)/, byTile(85, 170)],
  [/^o\d/, byTile(75, 150)],
  [/^computer-use/, byTile(65, 129)],
];

/** Llama's and Gemini's pictures stay below it. */
const OTHER_MODELS: ImageTokens = { low: 6500, high: 6500 };

/** An upper bound of what one picture counts as input; `detail` as in OpenAI's `image_url.detail`. */
export function imageInputTokens(model: string, detail: unknown): number {
  const name = model.replace(/^ft:/, '').replace(/^openai\//, '');
  const tokens = BY_MODEL.find(([pattern]) => pattern.test(name))?.[1] ?? OTHER_MODELS;
  return detail === 'low' ? tokens.low : tokens.high;
}
