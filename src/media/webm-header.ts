import { type MediaSource, type VideoHeader } from './media-source.js';

/** Where a muxer for the web has put everything but the pictures. */
const HEADER_BYTES = 256 * 1024;

/** Elements of EBML and Matroska, by their ids. */
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const VIDEO = 0xe0;
const PIXEL_WIDTH = 0xb0;
const PIXEL_HEIGHT = 0xba;

const CONTAINERS: readonly number[] = [SEGMENT, INFO, TRACKS, TRACK_ENTRY, VIDEO];
const NANOSECONDS = 1_000_000_000;

/** Reads a WebM's header: the segment's information and its first track with sides. @throws where it is broken. */
export async function webmHeader(source: MediaSource): Promise<VideoHeader> {
  const found = new Map<number, number>();
  collect(await source.read(0, HEADER_BYTES), found);
  const duration = found.get(DURATION);
  const scale = found.get(TIMESTAMP_SCALE) ?? 1_000_000;
  return {
    width: found.get(PIXEL_WIDTH) ?? null,
    height: found.get(PIXEL_HEIGHT) ?? null,
    durationSeconds: duration === undefined ? null : (duration * scale) / NANOSECONDS,
  };
}

/** Walks through the elements, into those that are containers; of each value the first counts. */
function collect(bytes: Buffer, found: Map<number, number>): void {
  for (let at = 0; at < bytes.length;) {
    const id = numberAt(bytes, at, true);
    const size = numberAt(bytes, at + id.length, false);
    const start = at + id.length + size.length;
    // One of unknown length, as a segment of a live stream has it, goes on to the end.
    const end = size.value === undefined ? bytes.length : Math.min(bytes.length, start + size.value);
    const body = bytes.subarray(start, end);
    if (id.value !== undefined && CONTAINERS.includes(id.value)) collect(body, found);
    else if (id.value !== undefined && !found.has(id.value)) keepNumber(id.value, body, found);
    at = end;
  }
}

function keepNumber(id: number, body: Buffer, found: Map<number, number>): void {
  if (id === DURATION) found.set(id, body.length === 8 ? body.readDoubleBE(0) : body.readFloatBE(0));
  else if ([TIMESTAMP_SCALE, PIXEL_WIDTH, PIXEL_HEIGHT].includes(id))
    found.set(id, body.readUIntBE(0, body.length));
}

/** EBML's number of variable length: its leading zeros say how many bytes; all ones stands for "unknown". */
function numberAt(
  bytes: Buffer,
  at: number,
  keepMarker: boolean,
): { value: number | undefined; length: number } {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (length > 8 || at + length > bytes.length) throw new Error('a broken number');
  const mask = 0xff >> length;
  let value = keepMarker ? first : first & mask;
  let allOnes = (first & mask) === mask;
  for (const byte of bytes.subarray(at + 1, at + length)) {
    value = value * 256 + byte;
    allOnes &&= byte === 0xff;
  }
  return { value: allOnes && !keepMarker ? undefined : value, length };
}
