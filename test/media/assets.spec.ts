import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { type KeepInput } from '../../src/media/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { type MediaApp, NOW, startMediaApp } from './media-app.js';
import { film, gif, jpeg, mp4, png, webm, webp } from './media-files.js';

const SIDES = { width: 12, height: 7 };
const PICTURE = png(SIDES);
const FILM = film({ width: 320, height: 180, seconds: 4.5, indexLast: true, pictures: 5000 });
const SHA256 = createHash('sha256').update(PICTURE).digest('hex');
const DAY_MS = 24 * 3_600_000;

const input: KeepInput = {
  userId: 'ada',
  kind: 'image',
  bytes: PICTURE,
  prompt: 'A lighthouse at dusk',
  provider: 'simulated',
  model: 'simulated-image',
  usageId: '019aa6b8-0000-7000-8000-000000000001',
};

describe('assets', () => {
  let postgres: TestPostgres;
  let media: MediaApp;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(() => postgres.stop());

  beforeEach(async () => {
    media = await startMediaApp(await postgres.newDatabase());
  });

  afterEach(() => media.stop());

  const files = (): string[] =>
    readdirSync(media.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(media.folder.length + 1))
      .sort();

  const list = async (query: string, user = 'ada') => {
    const answer = await media.get(`/assets${query}`, user);
    expect(answer.status).toBe(200);
    return answer.page();
  };

  describe('keep', () => {
    it('answers what the endpoints show of an output', async () => {
      const kept = await media.assets.keep(input);
      expect(kept).toEqual({
        assetId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as unknown,
        url: expect.stringMatching(
          new RegExp(`^/assets/${kept.assetId}\\?expires=\\d+&signature=[\\w-]+$`),
        ) as unknown,
        ...SIDES,
        format: 'png',
        bytes: PICTURE.length,
        tags: ['lighthouse', 'dusk', 'cuota', 'ai-generated'],
        ...{ kind: 'image', durationSeconds: null, prompt: input.prompt, provider: input.provider },
        ...{ model: input.model, usageId: input.usageId, requestId: null, createdAt: new Date(NOW) },
      });
    });

    it('files an output by its day in UTC and its kind, under its hash', async () => {
      await media.assets.keep(input);
      media.clock.moveTo('2026-12-01T00:00:00Z');
      const { sha256 } = await keepVideo();
      expect(files()).toEqual([
        `cuota/2026/11/21/images/${SHA256}.png`,
        `cuota/2026/12/01/videos/${sha256}.mp4`,
      ]);
      expect(readFileSync(join(media.folder, `cuota/2026/11/21/images/${SHA256}.png`))).toEqual(PICTURE);
    });

    it('has one asset for the same bytes of the same call, the first', async () => {
      const first = await media.assets.keep(input);
      media.clock.advance(DAY_MS);
      const again = await media.assets.keep({ ...input, prompt: 'Something else' });
      expect(again).toMatchObject({ assetId: first.assetId, tags: first.tags });
      expect((await list('')).items).toHaveLength(1);
    });

    it('has one asset, however many keep the same bytes at once', async () => {
      const kept = await Promise.all(Array.from({ length: 8 }, () => media.assets.keep(input)));
      expect(new Set(kept.map(({ assetId }) => assetId)).size).toBe(1);
      expect((await list('')).items).toHaveLength(1);
    });

    it('has one file and two assets for the same bytes of two users, on other days too', async () => {
      const adas = await media.assets.keep(input);
      media.clock.advance(DAY_MS);
      const bens = await media.assets.keep({ ...input, userId: 'ben', prompt: 'A secret thing of Ben' });
      expect(bens.assetId).not.toBe(adas.assetId);
      expect(bens.tags).toContain('secret');
      expect(files()).toEqual([`cuota/2026/11/21/images/${SHA256}.png`]);
      for (const [user, { assetId }] of [['ada', adas] as const, ['ben', bens] as const])
        expect((await media.get(`/assets/${assetId}`, user)).body).toEqual(PICTURE);
    });

    it('takes a long video as it comes, and one file of it, once', async () => {
      const piece = Buffer.alloc(1024 * 1024, 7);
      const pieces = async function* () {
        yield FILM;
        for (let sent = 0; sent < 64; sent++) yield await Promise.resolve(piece);
      };
      const keep = () => media.assets.keep({ ...input, kind: 'video', bytes: pieces() });
      const kept = await keep();
      expect(kept).toMatchObject({
        bytes: FILM.length + 64 * piece.length,
        width: 320,
        durationSeconds: 4.5,
      });
      expect((await keep()).assetId).toBe(kept.assetId);
      expect(files()).toHaveLength(1);
    });

    it('keeps several, each for itself', async () => {
      const inputs = Array.from({ length: 9 }, (_, grey) => ({ ...input, bytes: png(SIDES, grey) }));
      const outcomes = await media.assets.keepAll([...inputs, { ...input, bytes: Buffer.from('rubbish') }]);
      expect(outcomes.map(({ kind }) => kind)).toEqual([...inputs.map(() => 'kept'), 'failed']);
      const newest = (await list('')).items.map(({ assetId }) => assetId);
      const kept = outcomes.flatMap((outcome) => (outcome.kind === 'kept' ? [outcome.asset.assetId] : []));
      expect(new Set(newest)).toEqual(new Set(kept));
    });

    it('refuses what is no picture, and leaves nothing of it', async () => {
      const keeping = media.assets.keep({ ...input, bytes: Buffer.from('<html>rate limited</html>') });
      await expect(keeping).rejects.toMatchObject({ code: 'provider_failed' });
      expect((await list('')).items).toEqual([]);
      expect(files()).toEqual([]);
    });

    it('takes a prompt that Postgres could not hold', async () => {
      const { assetId } = await media.assets.keep({ ...input, prompt: 'gulls\0\ud800' });
      expect((await list('')).items).toEqual([
        expect.objectContaining({ assetId, prompt: 'gulls\ufffd\ufffd' }),
      ]);
    });

    it('makes a file again that was lost', async () => {
      await media.assets.keep(input);
      rmSync(join(media.folder, 'cuota'), { recursive: true });
      const { assetId } = await media.assets.keep(input);
      expect((await media.get(`/assets/${assetId}`, 'ada')).body).toEqual(PICTURE);
    });
  });

  describe('GET /assets/:id', () => {
    it.each([
      ['image/png', 'png', 'image', PICTURE],
      ['image/jpeg', 'jpg', 'image', jpeg(SIDES)],
      ['image/webp', 'webp', 'image', webp(SIDES)],
      ['image/gif', 'gif', 'image', gif(SIDES)],
      ['video/mp4', 'mp4', 'video', FILM],
      ['video/webm', 'webm', 'video', webm({ ...SIDES, seconds: 2 })],
    ] as const)('gives its owner the bytes as %s', async (type, extension, kind, bytes) => {
      const { assetId } = await media.assets.keep({ ...input, kind, bytes });
      const answer = await media.get(`/assets/${assetId}`, 'ada');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(bytes);
      expect(answer.headers).toMatchObject({
        'content-type': type,
        'content-length': String(bytes.length),
        'cache-control': 'private',
        'x-content-type-options': 'nosniff',
        'content-disposition': `inline; filename="${assetId}.${extension}"`,
      });
    });

    it('gives the bytes to whoever has its link', async () => {
      const { url } = await media.assets.keep(input);
      for (const user of [undefined, 'ben', 'ada']) {
        const answer = await media.get(url, user);
        expect([answer.status, answer.body]).toEqual([200, PICTURE]);
      }
    });

    it('gives the part of a video that a player asks for', async () => {
      const { url } = await media.assets.keep({ ...input, kind: 'video', bytes: FILM });
      const whole = await media.get(url);
      expect([whole.status, whole.headers['accept-ranges']]).toEqual([200, 'bytes']);
      for (const [range, start, end] of [
        ['bytes=0-99', 0, 99],
        ['bytes=100-', 100, FILM.length - 1],
        ['bytes=-10', FILM.length - 10, FILM.length - 1],
      ] as const) {
        const answer = await media.get(url, undefined, { range });
        expect(answer.status).toBe(206);
        expect(answer.headers).toMatchObject({
          'content-range': `bytes ${start}-${end}/${FILM.length}`,
          'content-length': String(end - start + 1),
          'content-type': 'video/mp4',
        });
        expect(answer.body).toEqual(FILM.subarray(start, end + 1));
      }
    });

    it('says how long it is to who asks for what lies behind the end', async () => {
      const { url } = await media.assets.keep(input);
      for (const range of ['bytes=5000-', `bytes=${PICTURE.length}-`, 'bytes=-0']) {
        const answer = await media.get(url, undefined, { range });
        expect(answer.headers).toMatchObject({
          'content-range': `bytes */${PICTURE.length}`,
          'content-type': expect.stringContaining('application/problem+json') as unknown,
          'cache-control': 'private',
        });
        expect(answer.problem()).toMatchObject({ status: 416, code: 'range_not_satisfiable' });
        expect(answer.problem().detail).toContain(`${PICTURE.length} bytes`);
      }
    });

    it('answers HEAD with the length alone', async () => {
      const { url } = await media.assets.keep(input);
      const { status, headers, body } = await media.head(url);
      expect([status, headers['content-length'], body.length]).toEqual([200, String(PICTURE.length), 0]);
    });

    it('G12: what is another’s is a 404, and reads as what is not there', async () => {
      const { assetId } = await media.assets.keep(input);
      const anothers = await media.get(`/assets/${assetId}`, 'ben');
      const nobodys = await media.get('/assets/019aa6b8-0000-7000-8000-00000000000f', 'ben');
      for (const answer of [anothers, nobodys]) {
        expect(answer.headers['content-type']).toMatch('application/problem+json');
        expect(answer.problem()).toMatchObject({ status: 404, code: 'not_found' });
      }
      expect(anothers.problem().detail.replace(assetId, 'X')).toBe(
        nobodys.problem().detail.replace('019aa6b8-0000-7000-8000-00000000000f', 'X'),
      );
    });

    it('G12: without a caller and a link it is a 401', async () => {
      const { assetId } = await media.assets.keep(input);
      expect((await media.get(`/assets/${assetId}`)).problem()).toMatchObject({
        status: 401,
        code: 'unauthorized',
      });
    });

    it('G12: a link that ran out is a 403', async () => {
      const { url } = await media.assets.keep(input);
      media.clock.advance(DAY_MS - 1000);
      expect((await media.get(url)).status).toBe(200);
      media.clock.advance(1000);
      const answer = await media.get(url);
      expect(answer.problem()).toMatchObject({
        status: 403,
        code: 'forbidden',
        detail: expect.stringContaining('expired') as unknown,
      });
    });

    it('G12: a forged link is a 403, whether the asset is there or not', async () => {
      const { url, assetId } = await media.assets.keep(input);
      const bens = await media.assets.keep({ ...input, userId: 'ben' });
      const forged = [
        url.replace(assetId, bens.assetId),
        url.replace(assetId, '019aa6b8-0000-7000-8000-00000000000f'),
        url.replace(/expires=\d+/, 'expires=4000000000'),
        url.replace(/signature=.*/, 'signature=AAAA'),
        url.replace(/&signature=.*/, ''),
        url.replace(/expires=\d+&/, ''),
      ];
      for (const link of forged)
        expect((await media.get(link)).problem()).toMatchObject({ status: 403, code: 'forbidden' });
    });

    it.each(['expires=soon', 'expires=1e300', 'expires=1&expires=2', 'signature=a&signature=b', 'v=1'])(
      'a link of the wrong form is a 400: %s',
      async (query) => {
        const { assetId } = await media.assets.keep(input);
        const answer = await media.get(`/assets/${assetId}?${query}`, 'ada');
        expect(answer.problem()).toMatchObject({ status: 400, code: 'validation_failed' });
      },
    );

    it.each(['..%2f..%2fjwt-secret', '%2e%2e', 'a%00b', '%2fetc%2fpasswd', "x'--", '%E2%98%83'])(
      'G12: no id leads to a file: %s',
      async (id) => {
        await media.assets.keep(input);
        expect((await media.get(`/assets/${id}`, 'ada')).status).toBe(404);
      },
    );

    it('is a 404 where the file is gone', async () => {
      const { url } = await media.assets.keep(input);
      rmSync(join(media.folder, 'cuota'), { recursive: true });
      const answer = await media.get(url);
      expect(answer.problem()).toMatchObject({
        status: 404,
        detail: expect.stringContaining('no longer there') as unknown,
      });
    });
  });

  describe('GET /assets', () => {
    const keepAll = async (...prompts: string[]) => {
      const ids: string[] = [];
      for (const [index, prompt] of prompts.entries())
        ids.push((await media.assets.keep({ ...input, bytes: png(SIDES, index), prompt })).assetId);
      return ids;
    };
    const idsOf = async (query: string) => (await list(query)).items.map(({ assetId }) => assetId);

    it('lists all there is to know of own assets, and links that work', async () => {
      const kept = await media.assets.keep(input);
      const { items, nextCursor } = await list('');
      expect(nextCursor).toBeNull();
      expect(items).toEqual([
        {
          ...kept,
          kind: 'image',
          durationSeconds: null,
          prompt: input.prompt,
          provider: input.provider,
          model: input.model,
          usageId: input.usageId,
          requestId: null,
          createdAt: new Date(NOW).toISOString(),
        },
      ]);
      expect((await media.get(String(items[0]?.url))).status).toBe(200);
    });

    it('tells a video’s sides and seconds as its file has them, whatever its provider says', async () => {
      await media.assets.keep({ ...input, kind: 'video', bytes: FILM, durationSeconds: 8 });
      const known = { kind: 'video', format: 'mp4', width: 320, height: 180, durationSeconds: 4.5 };
      expect((await list('')).items).toEqual([expect.objectContaining(known)]);
    });

    it('tells a video’s seconds as its provider says where its file does not', async () => {
      await media.assets.keep({ ...input, kind: 'video', bytes: mp4(), durationSeconds: 8 });
      const known = { kind: 'video', width: null, height: null, durationSeconds: 8 };
      expect((await list('')).items).toEqual([expect.objectContaining(known)]);
    });

    it('G12: shows nobody what is another’s', async () => {
      await media.assets.keep(input);
      for (const query of ['', '?tag=lighthouse', '?q=dusk', '?date=2026-11-21'])
        expect((await list(query, 'ben')).items).toEqual([]);
      expect((await media.get('/assets')).status).toBe(401);
    });

    it('finds by a whole tag, in whatever case', async () => {
      const [castle] = await keepAll('A castle', 'Castles');
      expect(await idsOf('?tag=CASTLE')).toEqual([castle]);
      expect(await idsOf('?tag=cast')).toEqual([]);
      expect(await idsOf('?tag=ai-generated')).toHaveLength(2);
    });

    it('finds by a part of the prompt, taken as it stands', async () => {
      const [percent, plain] = await keepAll('100% Gold_leaf', 'plain stone');
      expect(await idsOf('?q=GOLD')).toEqual([percent]);
      expect(await idsOf(`?q=${encodeURIComponent('%')}`)).toEqual([percent]);
      expect(await idsOf('?q=n_s')).toEqual([]);
      expect(await idsOf(`?q=${encodeURIComponent("'; DROP TABLE asset; --")}`)).toEqual([]);
      expect(await idsOf('?q=stone&tag=plain')).toEqual([plain]);
      expect(await idsOf('?q=stone&tag=gold')).toEqual([]);
    });

    it('finds by a day in UTC, from its first instant to its last', async () => {
      const ids: string[] = [];
      for (const at of [
        '2026-11-20T23:59:59.999Z',
        '2026-11-21T00:00:00Z',
        '2026-11-21T23:59:59.999Z',
        '2026-11-22T00:00:00Z',
      ]) {
        media.clock.moveTo(at);
        ids.push((await media.assets.keep({ ...input, bytes: png(SIDES, ids.length) })).assetId);
      }
      expect(await idsOf('?date=2026-11-21')).toEqual([ids[2], ids[1]]);
    });

    it('gives the newest first, page by page', async () => {
      const ids = (await keepAll('one', 'two', 'three', 'four', 'five')).reverse();
      const first = await list('?limit=2');
      const second = await list(`?limit=2&cursor=${first.nextCursor}`);
      const third = await list(`?limit=2&cursor=${second.nextCursor}`);
      expect([first, second, third].map(({ items }) => items.map(({ assetId }) => assetId))).toEqual([
        ids.slice(0, 2),
        ids.slice(2, 4),
        ids.slice(4),
      ]);
      expect(third.nextCursor).toBeNull();
    });

    it.each([
      ['date=2026-02-30', 'date'],
      ['date=21.11.2026', 'date'],
      ['date=2026-11-21T10:00:00Z', 'date'],
      ['tag=', 'tag'],
      ['tag=a&tag=b', 'tag'],
      ['q=%00', 'q'],
      [`q=${'x'.repeat(201)}`, 'q'],
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['cursor=rubbish', 'cursor'],
      ['folder=..', 'folder'],
    ])('names what is wrong: ?%s', async (query, path) => {
      const problem = (await media.get(`/assets?${query}`, 'ada')).problem();
      expect(problem).toMatchObject({ status: 400, code: 'validation_failed' });
      expect(problem.errors).toContainEqual({ path, message: expect.any(String) as unknown });
    });
  });

  it('stops the start where MEDIA_FOLDER leads elsewhere', async () => {
    const starting = startMediaApp(await postgres.newDatabase(), { MEDIA_FOLDER: '../elsewhere' });
    await expect(starting).rejects.toThrow('MEDIA_FOLDER: "../elsewhere"');
  });

  it('keeps below a MEDIA_FOLDER of several parts', async () => {
    const nested = await startMediaApp(await postgres.newDatabase(), { MEDIA_FOLDER: '/shop/outputs/' });
    const { url } = await nested.assets.keep(input);
    expect(readdirSync(join(nested.folder, 'shop/outputs/2026/11/21/images'))).toEqual([`${SHA256}.png`]);
    expect((await nested.get(url)).body).toEqual(PICTURE);
    await nested.stop();
  });

  async function keepVideo() {
    const bytes = FILM;
    await media.assets.keep({ ...input, kind: 'video', bytes });
    return { sha256: createHash('sha256').update(bytes).digest('hex') };
  }
});
