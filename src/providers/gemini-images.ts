import {
  FinishReason,
  type GenerateContentResponse,
  type GenerateContentResponseUsageMetadata,
} from '@google/genai';

import { type Clock } from '../rate-limiting/index.js';
import { RubbishAnswer } from './answer-body.js';
import { type GeminiWire } from './gemini-wire.js';
import { ProviderError } from './provider-error.js';
import { type ProviderAnswer, type ProviderCall, type WireObject } from './provider.port.js';
import { refusedRequest } from './refused-request.js';
import { inputOutputUsage } from './wire-usage.js';

/** OpenAI's sizes, as the shape that Gemini's image models draw. */
const SHAPES: Readonly<Record<string, string>> = {
  '1024x1024': '1:1',
  '1536x1024': '3:2',
  '1024x1536': '2:3',
  '1792x1024': '16:9',
  '1024x1792': '9:16',
};
const MAX_IMAGES = 10;

interface Wanted {
  readonly prompt: string;
  readonly count: number;
  readonly aspectRatio: string | undefined;
}

/** What was drawn, and what that counted. */
interface Drawn {
  readonly images: readonly string[];
  readonly usage?: WireObject;
}

/** Images of Gemini's image models, by `generateContent`, in OpenAI's format, always as data. */
export class GeminiImages {
  constructor(
    private readonly wire: GeminiWire,
    private readonly clock: Clock,
  ) {}

  async image(call: ProviderCall): Promise<ProviderAnswer> {
    const { images, usage: counted } = await this.generate(call, this.wantedOf(call.body));
    const created = Math.floor(this.clock.now() / 1000);
    const data = images.map((b64_json) => ({ b64_json }));
    const body = { created, data, ...(counted && { usage: counted }) };
    const usage = inputOutputUsage(body);
    return { body, ...(usage && { usage }) };
  }

  /** One image an answer: several are several requests. Those that came are paid for, so some are better than none. */
  private async generate(call: ProviderCall, { prompt, count, aspectRatio }: Wanted): Promise<Drawn> {
    const one = () =>
      this.wire.ask(call, async (client, abortSignal) => {
        const imageConfig = aspectRatio === undefined ? {} : { imageConfig: { aspectRatio } };
        const config = { abortSignal, responseModalities: ['IMAGE'], ...imageConfig };
        const answer = await client.models.generateContent({ model: call.model, contents: prompt, config });
        return { images: this.picturesIn(answer), usage: answer.usageMetadata };
      });
    const all = await Promise.allSettled(Array.from({ length: count }, one));
    const drawn = all.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = all.find((result) => result.status === 'rejected');
    if (drawn.length === 0 && failed) throw failed.reason;
    const usage = usageOf(drawn.map((one) => one.usage));
    return { images: drawn.flatMap(({ images }) => images), ...(usage && { usage }) };
  }

  private picturesIn({ candidates = [], promptFeedback }: GenerateContentResponse): string[] {
    const parts = candidates.flatMap(({ content }) => content?.parts ?? []);
    // What it thought before it drew is no image that was asked for.
    const images = parts.flatMap(({ inlineData, thought }) => (thought ? [] : (inlineData?.data ?? [])));
    if (images.length > 0) return images;
    const why = promptFeedback?.blockReason ?? candidates[0]?.finishReason;
    if (why === undefined || why === FinishReason.STOP) throw new RubbishAnswer('answered without an image');
    throw this.blocked(`The model made no image of this prompt (${why}).`);
  }

  private blocked(message: string): ProviderError {
    return new ProviderError(this.wire.settings.name, 'made no image of the prompt (bad_request)', {
      reason: 'bad_request',
      upstreamError: {
        message,
        type: 'image_generation_user_error',
        param: 'prompt',
        code: 'moderation_blocked',
      },
    });
  }

  private wantedOf({ prompt, n, size }: WireObject): Wanted {
    const refuse = (param: string, message: string) =>
      refusedRequest(this.wire.settings.name, param, message);
    if (typeof prompt !== 'string' || prompt === '')
      throw refuse('prompt', "Invalid 'prompt': expected a text.");
    const count = countOf(n);
    if (count === undefined) {
      throw refuse('n', `Invalid 'n': expected an integer from 1 to ${MAX_IMAGES}.`);
    }
    if (size === undefined || size === null || size === 'auto')
      return { prompt, count, aspectRatio: undefined };
    const aspectRatio = typeof size === 'string' && Object.hasOwn(SHAPES, size) ? SHAPES[size] : undefined;
    if (aspectRatio === undefined)
      throw refuse('size', `Invalid 'size': expected one of ${Object.keys(SHAPES).join(', ')}.`);
    return { prompt, count, aspectRatio };
  }
}

function countOf(n: unknown): number | undefined {
  const count = n ?? 1;
  if (typeof count !== 'number' || !Number.isInteger(count)) return undefined;
  return count >= 1 && count <= MAX_IMAGES ? count : undefined;
}

/** All requests' counts as one, in the form that OpenAI's images have. What it thought is paid as output. */
function usageOf(
  counts: readonly (GenerateContentResponseUsageMetadata | undefined)[],
): WireObject | undefined {
  const sum = (of: (count: GenerateContentResponseUsageMetadata) => number): number =>
    counts.reduce((total, count) => total + (count ? of(count) : 0), 0);
  if (counts.some((count) => count?.promptTokenCount === undefined)) return undefined;
  const input = sum(({ promptTokenCount = 0 }) => promptTokenCount);
  const output = sum(
    ({ candidatesTokenCount = 0, thoughtsTokenCount = 0 }) => candidatesTokenCount + thoughtsTokenCount,
  );
  const cached = sum(({ cachedContentTokenCount = 0 }) => cachedContentTokenCount);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    total_tokens: Math.max(
      input + output,
      sum(({ totalTokenCount = 0 }) => totalTokenCount),
    ),
  };
}
