import { type PictureSize } from './h264.js';

/** One video track, ready to be put into a file. */
export interface Mp4Track extends PictureSize {
  readonly framesPerSecond: number;
  readonly sequence: Buffer;
  readonly picture: Buffer;
  readonly frames: readonly { readonly unit: Buffer; readonly key: boolean }[];
}

const TIMESCALE = 1000;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

/** An MP4 file (ISO/IEC 14496-12 and -15) of one H.264 track, its index first, so that it plays while it loads. */
export function encodeMp4(track: Mp4Track): Buffer {
  const samples = track.frames.map(({ unit }) => Buffer.concat([words(unit.length), unit]));
  const type = box('ftyp', text('isom'), words(0x200), text('isomiso2avc1mp41'));
  const sizes = samples.map(({ length }) => length);
  const index = (offset: number): Buffer => movie(track, sizes, offset);
  const start = type.length + index(0).length + 8;
  return Buffer.concat([type, index(start), box('mdat', ...samples)]);
}

function movie(track: Mp4Track, sizes: readonly number[], offset: number): Buffer {
  const duration = Math.round((sizes.length * TIMESCALE) / track.framesPerSecond);
  const fields = words(0, 0, TIMESCALE, duration, 0x10000, 0x01000000, 0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, 2);
  const parts = [trackHeader(track, duration), media(track, sizes, { offset, duration })];
  return box('moov', full('mvhd', 0, fields), box('trak', ...parts));
}

function trackHeader({ width, height }: PictureSize, duration: number): Buffer {
  const fields = words(0, 0, 1, 0, duration, 0, 0, 0, 0, ...MATRIX, width << 16, height << 16);
  return full('tkhd', 3, fields);
}

function media(
  track: Mp4Track,
  sizes: readonly number[],
  { offset, duration }: { readonly offset: number; readonly duration: number },
): Buffer {
  const header = full('mdhd', 0, words(0, 0, TIMESCALE, duration, 0x55c40000));
  const handler = full('hdlr', 0, words(0), text('vide'), words(0, 0, 0), text('video\0'));
  const data = box('dinf', full('dref', 0, words(1), full('url ', 1)));
  const information = box('minf', full('vmhd', 1, words(0, 0)), data, sampleTable(track, sizes, offset));
  return box('mdia', header, handler, information);
}

function sampleTable(track: Mp4Track, sizes: readonly number[], offset: number): Buffer {
  const keys = track.frames.flatMap(({ key }, at) => (key ? [at + 1] : []));
  return box(
    'stbl',
    full('stsd', 0, words(1), avcEntry(track)),
    full('stts', 0, words(1, sizes.length, TIMESCALE / track.framesPerSecond)),
    full('stss', 0, words(keys.length, ...keys)),
    full('stsc', 0, words(1, 1, sizes.length, 1)),
    full('stsz', 0, words(0, sizes.length, ...sizes)),
    full('stco', 0, words(1, offset)),
  );
}

/** What a decoder must know: size, 72 dots an inch, 24 bits, the parameter sets with lengths of four bytes. */
function avcEntry({ width, height, sequence, picture }: Mp4Track): Buffer {
  const start = words(0, 1, 0, 0, 0, 0, (width << 16) | height, 0x480000, 0x480000, 0);
  const rest = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(32), Buffer.from([0, 24, 0xff, 0xff])]);
  const configuration = Buffer.concat([
    Buffer.from([1, ...sequence.subarray(1, 4), 0xff, 0xe1]),
    sized(sequence),
    Buffer.from([1]),
    sized(picture),
  ]);
  return box('avc1', start, rest, box('avcC', configuration));
}

function sized(unit: Buffer): Buffer {
  return Buffer.concat([Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]);
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([words(body.length + 8), text(type), body]);
}

/** A box with version 0 and flags. */
function full(type: string, flags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, words(flags), ...parts);
}

function words(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => out.writeUInt32BE(value >>> 0, at * 4));
  return out;
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
