import { film, mp4, webm } from '../../test/media/media-files.js';

import { describeMedia } from './media-format.js';
import { inMemory } from './media-source.js';

const SHAPE = { width: 1280, height: 720, seconds: 4.5 };
const KNOWN = { width: 1280, height: 720, durationSeconds: 4.5 };

describe('readVideoHeader', () => {
  it.each([
    ['an MP4', film(SHAPE)],
    ['an MP4 with its index at the end', film({ ...SHAPE, indexLast: true, pictures: 100_000 })],
    ['an MP4 with fields of 64 bits', film({ ...SHAPE, long: true, indexLast: true })],
    ['a WebM', webm(SHAPE)],
  ])('reads sides and length of %s', async (_what, bytes) => {
    expect(await describeMedia(inMemory(bytes), 'video')).toMatchObject(KNOWN);
  });

  it('reads no more of a film than its header', async () => {
    const bytes = film({ ...SHAPE, indexLast: true, pictures: 1_000_000 });
    const asked: number[] = [];
    const source = { bytes: bytes.length, read: (at: number, length: number) => read(at, length) };
    const read = (at: number, length: number) => {
      asked.push(length);
      return inMemory(bytes).read(at, length);
    };
    expect(await describeMedia(source, 'video')).toMatchObject(KNOWN);
    expect(asked.reduce((sum, length) => sum + length, 0)).toBeLessThan(1000);
  });

  it.each([
    ['no index', mp4()],
    ['an index that is cut short', film(SHAPE).subarray(0, 45)],
    ['a box that claims no length', Buffer.concat([mp4(), Buffer.from('00000002moov')])],
    ['rubbish behind its type', Buffer.concat([mp4(), Buffer.alloc(500, 0xff)])],
    ['no length', film({ ...SHAPE, seconds: 0, width: 0, height: 0 })],
    ['a WebM that is cut short', webm(SHAPE).subarray(0, 40)],
    ['a WebM of zeros', Buffer.concat([webm(SHAPE).subarray(0, 20), Buffer.alloc(300)])],
  ])('takes a video with %s for one that does not tell', async (_what, bytes) => {
    expect(await describeMedia(inMemory(bytes), 'video')).toMatchObject({
      width: null,
      height: null,
      durationSeconds: null,
    });
  });
});
