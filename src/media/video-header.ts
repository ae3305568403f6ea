import { type MediaSource, type VideoHeader } from './media-source.js';
import { mp4Header } from './mp4-header.js';
import { webmHeader } from './webm-header.js';

const UNKNOWN: VideoHeader = { width: null, height: null, durationSeconds: null };
const MAX_SIDE_PX = 65_535;
const MAX_SECONDS = 24 * 3600;

const READERS = { mp4: mp4Header, webm: webmHeader } as const;

/** Reads a video's header. A video is paid for whether its header can be read or not: a broken one is unknown, no error. */
export async function readVideoHeader(
  source: MediaSource,
  format: keyof typeof READERS,
): Promise<VideoHeader> {
  const { width, height, durationSeconds } = await READERS[format](source).catch(() => UNKNOWN);
  const sized = isWithin(width, 1, MAX_SIDE_PX) && isWithin(height, 1, MAX_SIDE_PX);
  return {
    width: sized ? Math.round(width) : null,
    height: sized ? Math.round(height) : null,
    durationSeconds: isWithin(durationSeconds, 0.001, MAX_SECONDS) ? roundedSeconds(durationSeconds) : null,
  };
}

function isWithin(value: number | null, least: number, most: number): value is number {
  return value !== null && value >= least && value <= most;
}

function roundedSeconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
