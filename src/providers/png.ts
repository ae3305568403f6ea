import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const EIGHT_BITS = 8;
const TRUE_COLOUR = 2;

const compress = promisify<Buffer, Buffer>(deflate);

/** A PNG file (RFC 2083) of pixels given as red, green and blue bytes, row by row from the top. */
export async function encodePng(
  { width, height }: { readonly width: number; readonly height: number },
  pixels: Buffer,
): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(EIGHT_BITS, 8);
  header.writeUInt8(TRUE_COLOUR, 9);
  const data = await compress(filtered(pixels, width * 3));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each row as its difference to the row above (filter 2), which packs slopes well. */
function filtered(pixels: Buffer, rowBytes: number): Buffer {
  const rows = pixels.length / rowBytes;
  const out = Buffer.alloc(pixels.length + rows);
  for (let row = 0; row < rows; row++) {
    const from = row * rowBytes;
    const to = from + row;
    out[to] = 2;
    for (let at = 0; at < rowBytes; at++) {
      const above = row === 0 ? 0 : (pixels[from + at - rowBytes] ?? 0);
      out[to + 1 + at] = (pixels[from + at] ?? 0) - above;
    }
  }
  return out;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
