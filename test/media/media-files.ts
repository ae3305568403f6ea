import { crc32, deflateSync } from 'node:zlib';

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A whole PNG of one grey. Other greys are other bytes. */
export function png({ width, height }: Sides, grey = 128): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(width, grey)]);
  const pixels = deflateSync(Buffer.concat(Array<Buffer>(height).fill(row)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A JPEG's segments up to its frame header, and its end. */
export function jpeg({ width, height }: Sides): Buffer {
  const jfif = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
  const frame = Buffer.from('ffc0000b08000000000101110000', 'hex').subarray(0, 13);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([Buffer.of(0xff, 0xd8), jfif, frame, Buffer.of(0xff, 0xd9)]);
}

/** An extended WebP's header. */
export function webp({ width, height }: Sides): Buffer {
  const body = Buffer.alloc(22);
  body.write('WEBPVP8X', 0, 'latin1');
  body.writeUInt32LE(10, 8);
  body.writeUIntLE(width - 1, 16, 3);
  body.writeUIntLE(height - 1, 19, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(body.length);
  return Buffer.concat([Buffer.from('RIFF', 'latin1'), size, body]);
}

/** A GIF's header and its end. */
export function gif({ width, height }: Sides): Buffer {
  const screen = Buffer.alloc(7);
  screen.writeUInt16LE(width, 0);
  screen.writeUInt16LE(height, 2);
  return Buffer.concat([Buffer.from('GIF89a', 'latin1'), screen, Buffer.of(0x3b)]);
}

/** The first box of an MP4, or of another file of that family by its brand. */
export function mp4(brand = 'isom'): Buffer {
  return Buffer.concat([uint32(24), Buffer.from(`ftyp${brand}\0\0\x02\0isommp42`, 'latin1')]);
}

export interface FilmShape extends Sides {
  readonly seconds: number;
  /** The index behind the pictures, as a camera writes it. */
  readonly indexLast?: boolean;
  /** Fields of 64 bits, as for long films. */
  readonly long?: boolean;
  /** How many bytes of pictures. */
  readonly pictures?: number;
}

/** An MP4 of a silent track and a picture's, as far as its header tells. */
export function film({ width, height, seconds, indexLast, long, pictures = 1000 }: FilmShape): Buffer {
  const sound = box('trak', trackHeader({ width: 0, height: 0 }, long));
  const picture = box('trak', trackHeader({ width, height }, long));
  const index = box('moov', movieHeader(seconds, long), sound, picture);
  const data = Buffer.alloc(pictures, 0x2a);
  const media = long ? longBox('mdat', data) : box('mdat', data);
  return Buffer.concat([mp4(), ...(indexLast ? [media, index] : [index, media])]);
}

function movieHeader(seconds: number, long = false): Buffer {
  const times = long
    ? [zeros(16), uint32(1000), uint64(seconds * 1000)]
    : [zeros(8), uint32(1000), uint32(seconds * 1000)];
  return box('mvhd', Buffer.of(long ? 1 : 0, 0, 0, 0), ...times, zeros(80));
}

function trackHeader({ width, height }: Sides, long = false): Buffer {
  const before = long ? 84 : 72;
  return box(
    'tkhd',
    Buffer.of(long ? 1 : 0, 0, 0, 7),
    zeros(before),
    uint32(width << 16),
    uint32(height << 16),
  );
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}

function longBox(type: string, body: Buffer): Buffer {
  return Buffer.concat([uint32(1), Buffer.from(type, 'latin1'), uint64(body.length + 16), body]);
}

/** A WebM's header; of unknown length, as a live recording has it. */
export function webm({ width, height, seconds }: Sides & { readonly seconds: number }): Buffer {
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(seconds * 1000);
  const info = element(
    '1549a966',
    element('2ad7b1', Buffer.from('0f4240', 'hex')),
    element('4489', duration),
  );
  const video = element('e0', element('b0', uint16(width)), element('ba', uint16(height)));
  const tracks = element('1654ae6b', element('ae', element('d7', Buffer.of(1)), video));
  const head = element('1a45dfa3', element('4282', Buffer.from('webm')));
  return Buffer.concat([head, Buffer.from('1853806701ffffffffffffff', 'hex'), info, tracks]);
}

function element(id: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(id, 'hex'), Buffer.of(0x40, body.length), body]);
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}

function uint16(value: number): Buffer {
  return uint32(value).subarray(2);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
