import { type MediaSource, type VideoHeader } from './media-source.js';

/** An index of hours has a few; one that claims more is not read. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024;
/** Of the outermost level there are a handful; a fragmented film has two a fragment. */
const MAX_BOXES = 10_000;

interface Box {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Reads an MP4's index (`moov`), wherever in the file it is: the length out of its header, the sides of its first track
 * that has any. @throws where the boxes are broken.
 */
export async function mp4Header(source: MediaSource): Promise<VideoHeader> {
  const boxes = boxesIn(await indexOf(source));
  const sides = boxes.filter(({ type }) => type === 'trak').map(({ body }) => sidesOf(body));
  const { width, height } = sides.find((side) => side.width > 0) ?? { width: null, height: null };
  const header = boxes.find(({ type }) => type === 'mvhd');
  return { width, height, durationSeconds: header ? secondsOf(header.body) : null };
}

async function indexOf(source: MediaSource): Promise<Buffer> {
  let at = 0;
  for (let count = 0; count < MAX_BOXES && at < source.bytes; count++) {
    const head = await source.read(at, 16);
    const size = sizeOf(head, source.bytes - at);
    if (typeOf(head) === 'moov' && size <= MAX_INDEX_BYTES) {
      const headLength = head.readUInt32BE(0) === 1 ? 16 : 8;
      return source.read(at + headLength, size - headLength);
    }
    at += size;
  }
  throw new Error('no index');
}

/** 1 stands for a length of 64 bits behind the type, 0 for all that is left. */
function sizeOf(head: Buffer, left: number): number {
  const short = head.readUInt32BE(0);
  const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? left : short;
  if (size < 8) throw new Error('a box without end');
  return size;
}

function typeOf(head: Buffer): string {
  return head.toString('latin1', 4, 8);
}

function boxesIn(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const head = bytes.subarray(at);
    const size = sizeOf(head, head.length);
    boxes.push({ type: typeOf(head), body: head.subarray(8, size) });
    at += size;
  }
  return boxes;
}

/** The track's header ends in its sides, as numbers with 16 bits behind the point. */
function sidesOf(track: Buffer): { width: number; height: number } {
  const header = boxesIn(track).find(({ type }) => type === 'tkhd')?.body;
  if (!header) return { width: 0, height: 0 };
  const at = header.readUInt8(0) === 1 ? 88 : 76;
  return { width: header.readUInt32BE(at) / 65_536, height: header.readUInt32BE(at + 4) / 65_536 };
}

function secondsOf(header: Buffer): number {
  const long = header.readUInt8(0) === 1;
  const scale = header.readUInt32BE(long ? 20 : 12);
  const duration = long ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16);
  return duration / scale;
}
