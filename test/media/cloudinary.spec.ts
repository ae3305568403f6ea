import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type KeepInput } from '../../src/media/index.js';
import { type Behaviour, type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { CLOUDINARY } from '../support/emulator/cloudinary.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

import { cloudinaryAt, CloudinaryClient } from './cloudinary-client.js';
import { type MediaApp, NOW, startMediaApp } from './media-app.js';
import { film, png } from './media-files.js';

const SIDES = { width: 12, height: 7 };
const PICTURE = png(SIDES);
const FILM = film({ width: 320, height: 180, seconds: 4.5, pictures: 5000 });
const IMAGES = 'cuota/2026/11/21/images';
const VIDEOS = 'cuota/2026/11/21/videos';
const DAY_MS = 24 * 3_600_000;

const input: KeepInput = {
  userId: 'ada',
  kind: 'image',
  bytes: PICTURE,
  prompt: 'A lighthouse = at dusk | by the sea & a gull',
  provider: 'openai',
  model: 'gpt-image-1',
  usageId: '019aa6b8-0000-7000-8000-000000000001',
  requestId: 'request-1',
};
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const publicId = `${IMAGES}/${sha256(PICTURE)}`;

describe('outputs in Cloudinary', () => {
  let postgres: TestPostgres;
  let emulator: Emulator;
  let client: CloudinaryClient;
  let databaseUrl: string;
  let media: MediaApp;

  beforeAll(async () => {
    [postgres, emulator] = await Promise.all([startPostgres(), startEmulator()]);
    client = new CloudinaryClient(emulator.url);
  }, 120_000);

  afterAll(async () => {
    client.close();
    await Promise.all([postgres.stop(), emulator.stop()]);
  });

  const start = (env: Record<string, string> = {}) =>
    startMediaApp(databaseUrl, { ...cloudinaryAt(emulator.url), ...env });

  beforeEach(async () => {
    emulator.reset();
    databaseUrl = await postgres.newDatabase();
    media = await start();
    media.log.length = 0;
    // The first look at the account's room.
    await emulator.until(({ completed }) => completed === 1);
    emulator.reset();
  });

  afterEach(() => media.stop());

  const onDisk = (folder = media.folder): string[] =>
    existsSync(join(folder, 'cuota'))
      ? readdirSync(join(folder, 'cuota'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : [];
  const stored = () => emulator.cloudinary.assets.map(({ publicId: id }) => id);
  const failing = (behaviour: Behaviour) => {
    emulator.always(({ path }) => (path.includes('/upload') ? behaviour : {}));
  };

  it('Cloudinary’s own client sees the right folder, tags and context', async () => {
    await media.assets.keep({ ...input, tags: ['Shop'] });
    expect(await client.resource(publicId, 'image')).toMatchObject({
      asset_folder: IMAGES,
      type: 'authenticated',
      format: 'png',
      bytes: PICTURE.length,
      tags: ['lighthouse', 'dusk', 'sea', 'gull', 'shop', 'cuota', 'ai-generated'],
      context: {
        custom: {
          prompt: input.prompt,
          provider: 'openai',
          model: 'gpt-image-1',
          usage_id: input.usageId,
          request_id: 'request-1',
          created_at: new Date(NOW).toISOString(),
          source: 'cuota',
        },
      },
    });
    await media.assets.keep({ ...input, kind: 'video', bytes: FILM });
    const video = await client.resource(`${VIDEOS}/${sha256(FILM)}`, 'video');
    expect(video).toMatchObject({ asset_folder: VIDEOS, bytes: FILM.length });
    const found = await client.search('tags:lighthouse AND folder:cuota/2026/11/21/*');
    expect(found.total_count).toBe(2);
    expect((await client.search('tags:shop')).resources).toMatchObject([{ public_id: publicId }]);
  });

  it('the same picture twice is one asset, and is sent once', async () => {
    const first = await media.assets.keep(input);
    media.clock.advance(DAY_MS);
    const again = await media.assets.keep({ ...input, prompt: 'Something else' });
    const bens = await media.assets.keep({ ...input, userId: 'ben' });
    expect(again.assetId).toBe(first.assetId);
    expect(bens.assetId).not.toBe(first.assetId);
    expect(stored()).toEqual([publicId]);
    expect(emulator.cloudinary.uploads).toBe(1);
  });

  it('is not sent over what is there already', async () => {
    await media.assets.keep(input);
    const other = await startMediaApp(await postgres.newDatabase(), cloudinaryAt(emulator.url));
    await other.assets.keep({ ...input, prompt: 'Something else' });
    expect(emulator.cloudinary.assets).toMatchObject([{ publicId, context: { prompt: input.prompt } }]);
    await other.stop();
  });

  it('gives the bytes to the owner and by link, the part of a player too, and keeps none on disk', async () => {
    const { assetId, url } = await media.assets.keep({ ...input, kind: 'video', bytes: FILM });
    expect(onDisk()).toEqual([]);
    for (const answer of [await media.get(`/assets/${assetId}`, 'ada'), await media.get(url)]) {
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'video/mp4']);
      expect(answer.body).toEqual(FILM);
    }
    const part = await media.get(url, undefined, { range: 'bytes=100-199' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 100-199/${FILM.length}`]);
    expect(part.body).toEqual(FILM.subarray(100, 200));
  });

  it('G12: what is another’s is a 404, a forged or expired link a 403, and Cloudinary is not asked', async () => {
    const { assetId, url } = await media.assets.keep(input);
    const asked = emulator.requests.length;
    expect((await media.get(`/assets/${assetId}`, 'ben')).status).toBe(404);
    expect((await media.get(url.replace(/signature=.{8}/, 'signature=AAAAAAAA'))).status).toBe(403);
    media.clock.advance(DAY_MS);
    expect((await media.get(url)).status).toBe(403);
    expect(emulator.requests.length).toBe(asked);
  });

  it('G12: nobody gets it from Cloudinary by its address alone', async () => {
    await media.assets.keep(input);
    for (const seal of ['', 's--AAAAAAAA--/']) {
      const address = `${emulator.url}/${CLOUDINARY.cloudName}/image/authenticated/${seal}v1/${publicId}.png`;
      expect((await fetch(address)).status).toBe(401);
    }
    const asUpload = `${emulator.url}/${CLOUDINARY.cloudName}/image/upload/v1/${publicId}.png`;
    expect((await fetch(asUpload)).status).toBe(404);
  });

  it('is a 404 where Cloudinary has lost it, and a 503 where it does not answer', async () => {
    const { url } = await media.assets.keep(input);
    emulator.next({ status: 500 });
    const away = await media.get(url);
    expect(away.problem()).toMatchObject({ status: 503, code: 'store_unavailable' });
    expect(away.headers['retry-after']).toBe('10');
    emulator.cloudinary.assets.length = 0;
    expect((await media.get(url)).status).toBe(404);
  });

  describe('when Cloudinary is away', () => {
    it.each<[string, Behaviour]>([
      ['500', { status: 500 }],
      ['503', { status: 503 }],
      ['429', { status: 429 }],
      ['cuts the line', { cutAfterChunks: 0 }],
      ['answers HTML', { rubbish: '<html>Bad gateway</html>', contentType: 'text/html' }],
      ['answers JSON that names no asset', { rubbish: '{}' }],
    ])('%s: the output is kept on disk, its link works, and it is uploaded later', async (_what, fault) => {
      failing(fault);
      const { url } = await media.assets.keep(input);
      expect(onDisk()).toHaveLength(1);
      expect((await media.get(url)).body).toEqual(PICTURE);
      emulator.always({});
      expect(await media.uploads.sendDue()).toBe(0);
      media.clock.advance(11_000);
      expect(await media.uploads.sendDue()).toBe(1);
      expect(await client.resource(publicId, 'image')).toMatchObject({ asset_folder: IMAGES });
      expect(onDisk()).toEqual([]);
      expect((await media.get(url)).body).toEqual(PICTURE);
    });

    it('an answer waits for MEDIA_UPLOAD_WAIT_MS at most, and the upload goes on behind it', async () => {
      const hasty = await start({ MEDIA_UPLOAD_WAIT_MS: '200' });
      emulator.hold();
      const { url } = await hasty.assets.keep(input);
      expect(stored()).toEqual([]);
      expect((await hasty.get(url)).body).toEqual(PICTURE);
      emulator.release();
      await until('the upload behind the answer', () => onDisk(hasty.folder).length === 0);
      expect(stored()).toEqual([publicId]);
      expect((await hasty.get(url)).body).toEqual(PICTURE);
      await hasty.stop();
    });

    it('is left alone for a while, and each output pauses longer with each failure', async () => {
      failing({ status: 503 });
      const sent = () => emulator.requests.filter(({ path }) => path.includes('/upload')).length;
      await media.assets.keep(input);
      await media.assets.keep({ ...input, bytes: png(SIDES, 1) });
      expect(sent()).toBe(1);
      for (const [seconds, total] of [
        [11, 2],
        [11, 3],
        [11, 4],
        [600, 5],
      ] as const) {
        media.clock.advance(seconds * 1000);
        await media.uploads.sendDue();
        expect(sent()).toBe(total);
      }
      const { sums } = await media.usage.standing();
      expect(sums).toMatchObject({ images: 2, waiting: 2, failure: 'answered 503' });
    });

    it('what it refuses waits alone', async () => {
      emulator.next({ status: 400, errorBody: { error: { message: 'File size too large' } } });
      await media.assets.keep(input);
      await media.assets.keep({ ...input, bytes: png(SIDES, 1) });
      expect(stored()).toEqual([`${IMAGES}/${sha256(png(SIDES, 1))}`]);
      const { sums } = await media.usage.standing();
      expect(sums).toMatchObject({ waiting: 1, failure: 'answered 400: File size too large' });
    });

    it('G12: no log holds a secret, whatever it answers', async () => {
      const wrong = await start({ CLOUDINARY_API_SECRET: 'a secret that does not fit' });
      await wrong.assets.keep(input);
      failing({ status: 401, errorBody: { error: { message: `Unknown API key ${CLOUDINARY.apiKey}` } } });
      await media.assets.keep({ ...input, bytes: png(SIDES, 1) });
      await wrong.usage.check();
      const log = media.log.join('');
      expect(log).toContain('answered 401');
      for (const secret of [CLOUDINARY.apiSecret, CLOUDINARY.apiKey, 'does not fit', 'lighthouse'])
        expect(log).not.toContain(secret);
      await wrong.stop();
    });
  });

  describe('with several instances', () => {
    const folders: string[] = [];
    const newFolder = () => {
      const folder = mkdtempSync(join(tmpdir(), 'cuota-media-'));
      folders.push(folder);
      return folder;
    };
    const keepThere = async (app: MediaApp, count: number) => {
      for (let grey = 0; grey < count; grey++) await app.assets.keep({ ...input, bytes: png(SIDES, grey) });
    };

    afterEach(() => {
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    });

    it('those on one disk send each output once', async () => {
      const env = { DATA_DIR: newFolder(), MEDIA_UPLOAD_WAIT_MS: '0' };
      const [one, two] = [await start(env), await start(env)];
      await keepThere(one, 8);
      const sent = await Promise.all([one.uploads.sendDue(), two.uploads.sendDue()]);
      expect(sent[0] + sent[1]).toBe(8);
      expect(emulator.cloudinary.uploads).toBe(8);
      await Promise.all([one.stop(), two.stop()]);
    });

    it('what waits survives a restart', async () => {
      const env = { DATA_DIR: newFolder(), MEDIA_UPLOAD_WAIT_MS: '0' };
      const before = await start(env);
      await before.assets.keep(input);
      await before.stop();
      const after = await start(env);
      await after.uploads.sendDue();
      expect(stored()).toEqual([publicId]);
      await after.stop();
    });

    it('only who has the disk sends what is on it; elsewhere it is a 503 until then', async () => {
      const maker = await start({ MEDIA_UPLOAD_WAIT_MS: '0' });
      const { assetId } = await maker.assets.keep(input);
      expect(await media.uploads.sendDue()).toBe(0);
      const elsewhere = await media.get(`/assets/${assetId}`, 'ada');
      expect(elsewhere.problem()).toMatchObject({ status: 503, code: 'store_unavailable' });
      expect((await maker.get(`/assets/${assetId}`, 'ada')).body).toEqual(PICTURE);
      expect(await maker.uploads.sendDue()).toBe(1);
      expect((await media.get(`/assets/${assetId}`, 'ada')).body).toEqual(PICTURE);
      await maker.stop();
    });

    it('the account’s room is looked at once an hour, and warned of at 90 %', async () => {
      const asked = () => emulator.requests.filter(({ path }) => path.includes('/usage')).length;
      const other = await start();
      expect(await Promise.all([media.usage.check(), other.usage.check()])).toEqual([false, false]);
      emulator.cloudinary.limits = {
        storage: { limit: 1000, usage: 899 },
        credits: { usage: 24, limit: 25 },
      };
      media.clock.advance(3_600_000);
      other.clock.advance(3_600_000);
      const looked = await Promise.all([media.usage.check(), other.usage.check()]);
      expect(looked.filter(Boolean)).toHaveLength(1);
      expect(asked()).toBe(1);
      const warnings = media.log.filter((line) => line.includes('capacity'));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('The plan of cloudinary is at 96 % of its capacity: 24 of 25 credits');
      emulator.cloudinary.limits = { storage: { limit: 1000, usage: 900 } };
      media.clock.advance(3_600_000);
      expect(await media.usage.check()).toBe(true);
      expect(media.log.join('')).toContain('is at 90 % of its capacity: 900 of 1000 bytes are used.');
      await other.stop();
    });
  });
});
