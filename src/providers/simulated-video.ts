import { createHash } from 'node:crypto';

import { keyPicture, pictureParameters, repeatedPicture, sequenceParameters, type Yuv } from './h264.js';
import { encodeMp4 } from './mp4.js';
import { type VideoPlan } from './video.port.js';
import { dimensionsOf } from './video-shape.js';

const FRAMES_PER_SECOND = 10;
/** The range that players take for black to white. */
const DARKEST = 16;
const RANGE = 219;

/** A real MP4 file that browsers play: stripes in colours of the seed's own, which move on each second. */
export function simulatedVideo({ seconds, size }: VideoPlan, seed: string): Buffer {
  const picture = dimensionsOf(size);
  const digest = createHash('sha256').update(seed).digest();
  const frames = Array.from({ length: Math.max(1, Math.round(seconds * FRAMES_PER_SECOND)) }, (_, frame) => {
    const second = Math.floor(frame / FRAMES_PER_SECOND);
    const since = frame % FRAMES_PER_SECOND;
    const key = since === 0;
    const colourOf = (column: number): Yuv => stripe(digest, second + column);
    return { key, unit: key ? keyPicture(picture, colourOf, second) : repeatedPicture(picture, since) };
  });
  return encodeMp4({
    ...picture,
    framesPerSecond: FRAMES_PER_SECOND,
    sequence: sequenceParameters(picture),
    picture: pictureParameters(),
    frames,
  });
}

function stripe(digest: Buffer, place: number): Yuv {
  const part = (at: number): number => DARKEST + ((digest[(at + place) % digest.length] ?? 0) % RANGE);
  return [part(0), part(11), part(22)];
}
