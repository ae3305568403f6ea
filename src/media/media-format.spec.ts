import { gif, jpeg, mp4, png, webp } from '../../test/media/media-files.js';

import { type AssetKind, describeMedia } from './media-format.js';
import { inMemory } from './media-source.js';

const SIDES = { width: 31, height: 17 };

const described = (bytes: Buffer, kind: AssetKind) => describeMedia(inMemory(bytes), kind);

describe('describeMedia', () => {
  it.each([
    ['png', 'image/png', 'png', png(SIDES)],
    ['jpeg', 'image/jpeg', 'jpg', jpeg(SIDES)],
    ['webp', 'image/webp', 'webp', webp(SIDES)],
    ['gif', 'image/gif', 'gif', gif(SIDES)],
  ])('reads the type and the sides of a %s out of its bytes', async (format, mime, extension, bytes) => {
    const known = { format, mime, extension, ...SIDES, durationSeconds: null };
    expect(await described(bytes, 'image')).toEqual(known);
  });

  it.each(['isom', 'mp42', 'avc1', 'M4V '])('knows an MP4 of the brand %s', async (brand) => {
    const known = { format: 'mp4', mime: 'video/mp4', extension: 'mp4' };
    const unread = { width: null, height: null, durationSeconds: null };
    expect(await described(mp4(brand), 'video')).toEqual({ ...known, ...unread });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['HTML', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['JSON', Buffer.from('{"error":"no"}')],
    ['a BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(60, 1)])],
    ['a PNG that ends in its signature', png(SIDES).subarray(0, 8)],
    ['a PNG that ends in its header', png(SIDES).subarray(0, 20)],
    ['a JPEG without a frame', Buffer.from('ffd8ffd9', 'hex')],
    ['a WebP that ends in its header', webp(SIDES).subarray(0, 16)],
    ['a RIFF that is a WAVE', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(40)])],
    ['a GIF of no width', gif({ width: 0, height: 9 })],
    ['a PNG of a million pixels a side', hugePng()],
    ['a video', mp4()],
  ])('refuses %s as an image', async (_what, bytes) => {
    await expect(described(bytes, 'image')).rejects.toMatchObject({ code: 'provider_failed' });
  });

  it.each([
    ['an image', png(SIDES)],
    ['an AVIF', mp4('avif')],
    ['a HEIC', mp4('heic')],
    ['a QuickTime film', mp4('qt  ')],
    ['HTML', Buffer.from('<!doctype html>')],
  ])('refuses %s as a video', async (_what, bytes) => {
    await expect(described(bytes, 'video')).rejects.toMatchObject({ code: 'provider_failed' });
  });

  it('says what came instead, and what to do', async () => {
    await expect(described(mp4(), 'image')).rejects.toThrow(
      'The provider was asked for an image (PNG, JPEG, WEBP, GIF) and sent a file of the type video/mp4.',
    );
  });
});

/** Only its header lies. */
function hugePng(): Buffer {
  const bytes = png(SIDES);
  bytes.writeUInt32BE(1_000_000, 16);
  return bytes;
}
