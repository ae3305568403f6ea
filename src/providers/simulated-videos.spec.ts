import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { ProviderError } from './provider-error.js';
import { SimulatedProvider } from './simulated.provider.js';
import { type VideoRequest } from './video.port.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MODEL = 'simulated-video';
const signal = new AbortController().signal;

async function made(request: VideoRequest, clock = new FrozenClock(NOW)): Promise<Buffer> {
  const { videos } = new SimulatedProvider({ clock, videoJobMs: 0 });
  const { jobId } = await videos.create({ request, model: MODEL, signal });
  const { bytes, length } = await videos.fetch({ jobId, model: MODEL, signal });
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  const file = Buffer.concat(parts);
  expect(file).toHaveLength(length ?? -1);
  return file;
}

/** The boxes of an MP4 file, those within others too, by their path. */
function boxesOf(file: Buffer, path = ''): Map<string, Buffer> {
  const boxes = new Map<string, Buffer>();
  for (let at = 0; at + 8 <= file.length;) {
    const length = file.readUInt32BE(at);
    expect(length).toBeGreaterThanOrEqual(8);
    const type = file.toString('latin1', at + 4, at + 8);
    const body = file.subarray(at + 8, at + length);
    boxes.set(path + type, body);
    if (['moov', 'trak', 'mdia', 'minf', 'stbl'].includes(type)) {
      for (const [name, inner] of boxesOf(body, `${path}${type}/`)) boxes.set(name, inner);
    }
    at += length;
  }
  return boxes;
}

/** How many frames lie where the index says, each a unit of H.264 as long as it says, one in ten a whole picture. */
function framesOf(file: Buffer, boxes: ReadonlyMap<string, Buffer>): number {
  const box = (name: string): Buffer => boxes.get(name) ?? Buffer.alloc(16);
  const sizes = box('moov/trak/mdia/minf/stbl/stsz');
  const frames = sizes.readUInt32BE(8);
  let at = box('moov/trak/mdia/minf/stbl/stco').readUInt32BE(8);
  expect(box('mdat').byteOffset).toBe(file.byteOffset + at);
  for (let frame = 0; frame < frames; frame++) {
    const size = sizes.readUInt32BE(12 + frame * 4);
    expect(file.readUInt32BE(at)).toBe(size - 4);
    expect(file.readUInt8(at + 4) & 0x1f).toBe(frame % 10 === 0 ? 5 : 1);
    at += size;
  }
  expect(at).toBe(file.length);
  return frames;
}

describe('SimulatedProvider: videos', () => {
  it.each([
    [{ prompt: 'tea', durationSeconds: 2 }, 1280, 720, 2],
    [{ prompt: 'tea', durationSeconds: 5.5, aspectRatio: '9:16' }, 720, 1280, 6],
    [{ prompt: 'tea', size: '1792x1024' }, 1792, 1024, 4],
  ] as const)('makes an MP4 file of %j', async (request, width, height, seconds) => {
    const file = await made(request);
    const boxes = boxesOf(file);
    const movie = boxes.get('moov/mvhd');
    expect([movie?.readUInt32BE(12), movie?.readUInt32BE(16)]).toEqual([1000, seconds * 1000]);
    const track = boxes.get('moov/trak/tkhd');
    expect([track?.readUInt16BE(76), track?.readUInt16BE(80)]).toEqual([width, height]);
    expect(file.length).toBeLessThan(seconds * 120_000);

    expect(framesOf(file, boxes)).toBe(seconds * 10);
  });

  it('makes the same of the same, and something else of another prompt', async () => {
    const tea = await made({ prompt: 'tea', durationSeconds: 1 });
    expect(await made({ prompt: 'tea', durationSeconds: 1 })).toEqual(tea);
    expect(await made({ prompt: 'coffee', durationSeconds: 1 })).not.toEqual(tea);
  });

  it('takes its time, and any process may ask for the job', async () => {
    const clock = new FrozenClock(NOW);
    const provider = () => new SimulatedProvider({ clock, videoJobMs: 10_000 }).videos;
    const job = await provider().create({ request: { prompt: 'tea' }, model: MODEL, signal });
    const ask = { ...job, model: MODEL, signal };
    expect(await provider().poll(ask)).toEqual({ status: 'queued', progress: 0 });
    clock.moveTo(new Date(NOW + 5_000).toISOString());
    expect(await provider().poll(ask)).toEqual({ status: 'processing', progress: 50 });
    await expect(provider().fetch(ask)).rejects.toMatchObject({ reason: 'bad_request' });
    clock.moveTo(new Date(NOW + 10_000).toISOString());
    expect(await provider().poll(ask)).toEqual({ status: 'completed', progress: 100, seconds: 4 });
  });

  it.each([
    [{ prompt: '' }, 'prompt'],
    [{ prompt: 'x', durationSeconds: 61 }, 'durationSeconds'],
    [{ prompt: 'x', durationSeconds: 0 }, 'durationSeconds'],
    [{ prompt: 'x', size: '1x1' }, 'size'],
  ])('refuses %j', async (request, param) => {
    await expect(made(request)).rejects.toMatchObject({ reason: 'bad_request', upstreamError: { param } });
  });

  it('knows no job that it has not made, and does nothing for who has hung up', async () => {
    const { videos } = new SimulatedProvider({ clock: new FrozenClock(NOW) });
    for (const jobId of ['video_1', 'video_simulated_x_999_1280x720_0123456789abcdef', '../etc']) {
      await expect(videos.poll({ jobId, model: MODEL, signal })).rejects.toBeInstanceOf(ProviderError);
      await expect(videos.poll({ jobId, model: MODEL, signal })).rejects.toMatchObject({
        reason: 'not_found',
      });
    }
    const aborted = { request: { prompt: 'x' }, model: MODEL, signal: AbortSignal.abort() };
    await expect(videos.create(aborted)).rejects.toMatchObject({ reason: 'aborted' });
  });
});
