import { refusedRequest } from './refused-request.js';
import { type VideoPlan, type VideoRequest } from './video.port.js';

/** What a video model can make. */
export interface VideoChoices {
  readonly provider: string;
  readonly model: string;
  /** The lengths that can be had, the shortest first. */
  readonly seconds: readonly number[];
  readonly defaultSeconds: number;
  /** The first is what is made where nothing is said, and for an aspect ratio the first that has it. */
  readonly sizes: readonly string[];
}

/** The plan of a request: the next longer of the lengths, and the size. @throws ProviderError `bad_request`. */
export function planAmong(request: VideoRequest, choices: VideoChoices): VideoPlan {
  return { seconds: secondsAmong(request, choices), size: sizeAmong(request, choices) };
}

/** Width and height of a size such as `1280x720`. */
export function dimensionsOf(size: string): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = size.split('x').map(Number);
  return { width, height };
}

/** Whether a size has an aspect ratio, as near as whole macroblocks come to it. */
export function hasRatio(size: string, ratio: NonNullable<VideoRequest['aspectRatio']>): boolean {
  const { width, height } = dimensionsOf(size);
  const [across = 1, down = 1] = ratio.split(':').map(Number);
  return Math.abs(width / height - across / down) < 0.05;
}

function secondsAmong(
  { durationSeconds }: VideoRequest,
  { provider, model, seconds, defaultSeconds }: VideoChoices,
): number {
  if (durationSeconds === undefined) return defaultSeconds;
  const next = seconds.find((one) => one >= durationSeconds);
  if (next !== undefined && durationSeconds > 0) return next;
  const message = `${model} makes videos of up to ${seconds.at(-1) ?? 0} seconds; asked for were ${durationSeconds}.`;
  throw refusedRequest(provider, 'durationSeconds', message);
}

function sizeAmong({ size, aspectRatio }: VideoRequest, { provider, model, sizes }: VideoChoices): string {
  const [first = '1280x720'] = sizes;
  if (size !== undefined) {
    if (sizes.includes(size)) return size;
    throw refusedRequest(
      provider,
      'size',
      `${model} makes no videos of this size; it makes ${sizes.join(', ')}.`,
    );
  }
  if (aspectRatio === undefined) return first;
  const fitting = sizes.find((one) => hasRatio(one, aspectRatio));
  if (fitting !== undefined) return fitting;
  const message = `${model} makes no videos of ${aspectRatio}; it makes ${sizes.join(', ')}.`;
  throw refusedRequest(provider, 'aspectRatio', message);
}
