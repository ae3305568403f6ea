import { randomUUID } from 'node:crypto';

import { VideoJobStore } from '../../src/generation/videos/video-job.store.js';
import { reservationId } from '../../src/rate-limiting/index.js';
import { type Harness, newHarness } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { ended, videosOf } from './video-jobs.js';

const NANO = 1_000_000_000;
const WISH = { prompt: 'A lighthouse at dusk', durationSeconds: 5 };

describe('videos', () => {
  let harness: Harness;
  let ledger: LedgerReader;

  beforeAll(async () => {
    harness = await newHarness();
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  it('are taken on at once, made in their own time, kept, and charged by their seconds', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '10', videoGenerationLimit: 3 });
    const taken = await user.api.post('/generate/video', { ...WISH, aspectRatio: '9:16' });

    expect(taken.status).toBe(202);
    const { id } = taken.body;
    expect(taken.body).toEqual({ id, status: 'queued' });
    expect(taken.headers.get('location')).toBe(`/generations/${id}`);
    expect(taken.headers.get('x-usage-id')).toBe(id);
    expect(taken.headers.get('x-cuota-provider')).toBe('simulated');
    expect(taken.headers.get('ratelimit')).toContain('"user.month.video_generation";r=2');
    expect(taken.headers.get('x-ratelimit-limit')).not.toBeNull();

    const done = await ended(harness, user.api, id);
    expect(done).toMatchObject({
      ...{ id, operation: 'video_generation', status: 'completed', error: null },
      ...{ provider: 'simulated', model: 'simulated-video' },
      assets: [{ format: 'mp4', width: 720, height: 1280, durationSeconds: 5 }],
      usage: { estimated: false },
    });
    const [row, ...others] = await ledger.rows(user.id);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ id, status: 'settled', provider: 'simulated', operation_count: 1, calls: 1 });
    expect(row?.resource_id).toBe(done.assets[0].assetId);
    expect(row?.metadata).toEqual({ seconds: 5, size: '720x1280' });
    expect(Number(row?.cost_nano_usd) / NANO).toBe(Number(done.usage.costUsd));
    expect(Number(row?.cost_nano_usd)).toBeGreaterThan(0);
    expect(await videosOf(user.api)).toEqual({ used: 1, reserved: 0 });

    const bytes = await fetch(`${harness.url}${String(done.assets[0].url)}`);
    expect(bytes.status).toBe(200);
    expect(bytes.headers.get('content-type')).toBe('video/mp4');
    expect((await bytes.arrayBuffer()).byteLength).toBe(done.assets[0].bytes);
  });

  it('G14: videos are counted and priced before they are made, and what is too many or too dear is refused', async () => {
    const few = await harness.newUser({ videoGenerationLimit: 1 });
    const first = await few.api.post('/generate/video', WISH);
    const second = await few.api.post('/generate/video', WISH);
    expect([first.status, second.status]).toEqual([202, 429]);
    expect(second.body.limits).toEqual([
      expect.objectContaining({ name: 'user.month.video_generation', max: 1, used: 0, reserved: 1 }),
    ]);
    const done = await ended(harness, few.api, first.body.id);

    // Room for the seconds of one such video, and not for twice as many.
    const poor = await harness.newUser({ monthlyCostLimitUsd: done.usage.costUsd });
    const dear = await poor.api.post('/generate/video', { ...WISH, durationSeconds: 10 });
    expect([dear.status, dear.body.code]).toEqual([429, 'budget_exceeded']);
    expect((await poor.api.post('/generate/video', WISH)).status).toBe(202);
    expect(await ledger.rows(poor.id)).toEqual([]);
  });

  it('go past a soft limit, and say so on the 202 and in the ledger', async () => {
    const user = await harness.newUser({ videoGenerationLimit: 1, enforcement: 'soft' });
    const first = await user.api.post('/generate/video', WISH);
    await ended(harness, user.api, first.body.id);
    const over = await user.api.post('/generate/video', { ...WISH, prompt: 'Another' });
    expect(over.status).toBe(202);
    expect(over.headers.get('x-quota-exceeded')).toBe('user.month.video_generation');
    await ended(harness, user.api, over.body.id);
    const rows = await ledger.rows(user.id);
    expect(rows.map((row) => [row.id, row.soft_exceeded])).toEqual([
      [first.body.id, false],
      [over.body.id, true],
    ]);
  });

  it('G11: one that is called off costs nothing, however often, and what it held is free again', async () => {
    const user = await harness.newUser({ videoGenerationLimit: 1 });
    const { id } = (await user.api.post('/generate/video', WISH)).body;
    await until('it is made', async () => {
      return (await user.api.get(`/generations/${id}`)).body.status === 'processing';
    });
    for (const _ of [1, 2]) {
      const off = await user.api.delete(`/generations/${id}`);
      expect([off.status, off.body.status, off.body.usage]).toEqual([200, 'cancelled', null]);
    }
    expect(await videosOf(user.api)).toEqual({ used: 0, reserved: 0 });
    const next = await user.api.post('/generate/video', WISH);
    const done = await ended(harness, user.api, next.body.id);
    expect(done.status).toBe('completed');
    expect((await ledger.rows(user.id)).map((row) => row.id)).toEqual([next.body.id]);
    const late = await user.api.delete(`/generations/${String(next.body.id)}`);
    expect([late.status, late.body.code]).toEqual([409, 'conflict']);
  });

  it('G10: a retry under the same key is given the first job', async () => {
    const user = await harness.newUser();
    const key = { 'idempotency-key': 'video-1' };
    const first = await user.api.post('/generate/video', WISH, key);
    const again = await user.api.post('/generate/video', WISH, key);
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(`/generations/${String(first.body.id)}`);
    await ended(harness, user.api, first.body.id);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it.each([
    [{}, 'prompt'],
    [{ prompt: '' }, 'prompt'],
    [{ prompt: 'a', script: 'b' }, 'script'],
    [{ prompt: 'a', aspectRatio: '4:3' }, 'aspectRatio'],
    [{ prompt: 'a', durationSeconds: 0 }, 'durationSeconds'],
    [{ prompt: 'a', durationSeconds: 599 }, 'durationSeconds'],
    [{ prompt: 'a', more: 1 }, 'more'],
  ])('bad input %j is a 400 that names %s, and holds nothing', async (body, path) => {
    const user = await harness.newUser({ videoGenerationLimit: 1 });
    const answer = await user.api.post('/generate/video', body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].path).toBe(path);
    expect(await videosOf(user.api)).toEqual({ used: 0, reserved: 0 });
  });

  it('a field that is null is one that is left out, of scripts and images too', async () => {
    const user = await harness.newUser();
    const nobody = { model: null, provider: null };
    const none = { ...nobody, durationSeconds: null, aspectRatio: null, avatarId: null, voiceId: null };
    expect((await user.api.post('/generate/script', { topic: 'The sea', ...nobody })).status).toBe(200);
    expect((await user.api.post('/generate/image', { prompt: 'The sea', ...nobody })).status).toBe(200);
    const taken = await user.api.post('/generate/video', { prompt: 'The sea', ...none });
    expect(taken.status).toBe(202);
    await ended(harness, user.api, taken.body.id);
  });

  it('G12: nobody sees or stops what is another’s', async () => {
    const [own, other] = [await harness.newUser(), await harness.newUser()];
    const { id } = (await own.api.post('/generate/video', WISH)).body;
    for (const path of [`/generations/${id}`, `/v1/videos/${id}`, `/v1/videos/${id}/content`]) {
      expect((await other.api.get(path)).status).toBe(404);
    }
    for (const path of [`/generations/${id}`, `/v1/videos/${id}`]) {
      expect((await other.api.delete(path)).status).toBe(404);
    }
    expect((await other.api.get('/generations')).body.items).toEqual([]);
    expect((await ended(harness, own.api, id)).status).toBe('completed');
  });

  it('are listed with scripts and images, page by page', async () => {
    const user = await harness.newUser();
    const script = await user.api.post('/generate/script', { topic: 'The sea' });
    const image = await user.api.post('/generate/image', { prompt: 'The sea' });
    await user.api.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'No generation.' }] });
    const video = await user.api.post('/generate/video', WISH);
    await ended(harness, user.api, video.body.id);
    const ids = [video.body.id, image.body.id, script.body.id];

    const first = await user.api.get('/generations?limit=2');
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.body.items[1]).toMatchObject({
      operation: 'image_generation',
      assets: [{ assetId: image.body.images[0].assetId, format: 'png' }],
    });
    const second = await user.api.get(`/generations?limit=2&cursor=${String(first.body.nextCursor)}`);
    expect(second.body).toMatchObject({ items: [{ id: ids[2], status: 'completed', assets: [] }] });
    expect(second.body.nextCursor).toBeNull();

    const one = await user.api.get(`/generations/${String(script.body.id)}`);
    expect(one.body).toMatchObject({ operation: 'script_generation', usage: script.body.usage });
    const some = await user.api.get('/generations?operation=video_generation&status=completed');
    expect(some.body.items).toHaveLength(1);
    expect((await user.api.get('/generations?status=queued')).body.items).toEqual([]);
    expect((await user.api.get('/generations?status=done')).status).toBe(400);
    expect((await user.api.get('/generations?cursor=YWZ0ZXI6eA')).status).toBe(400);
    expect((await user.api.get('/generations/no-such-id')).status).toBe(404);
    const over = await user.api.delete(`/generations/${String(script.body.id)}`);
    expect([over.status, over.body.code]).toEqual([409, 'conflict']);
  });

  it('a picture that was made twice is shown by both generations', async () => {
    const user = await harness.newUser();
    const make = async () => (await user.api.post('/generate/image', { prompt: 'The sea' })).body;
    const [first, again] = [await make(), await make()];
    const sizes: unknown[] = [];
    for (const { id, images } of [first, again]) {
      const { assets } = (await user.api.get(`/generations/${String(id)}`)).body;
      expect(assets).toMatchObject([{ assetId: images[0].assetId }]);
      sizes.push(assets[0].bytes);
    }
    expect(sizes[0]).toBe(sizes[1]);
    expect(again.images[0].assetId).not.toBe(first.images[0].assetId);
  });

  it('a job that many instances want at once is one’s', async () => {
    const user = await harness.newUser();
    const { id } = (await user.api.post('/generate/video', WISH)).body;
    await ended(harness, user.api, id);
    const jobs = harness.app.get(VideoJobStore);
    const done = await jobs.find(id, user.id);
    if (!done) throw new Error('The job is gone.');
    // Due when only these look: the application's own clock is not there yet.
    const nowMs = harness.clock.now() + 3_600_000;
    const copy = { ...done, id: reservationId(randomUUID()), stage: 'processing' as const };
    await jobs.insert({ ...copy, dueAt: new Date(nowMs), completedAt: null, leaseToken: null });
    const claims = await Promise.all(Array.from({ length: 8 }, () => jobs.claim({ nowMs, limit: 5 })));
    const [claimed, ...others] = claims.flat();
    expect(claimed?.id).toBe(copy.id);
    expect(others).toEqual([]);

    // Who comes after a lease is over takes it on, and what the one before still writes counts no more.
    if (!claimed) return;
    const [heir] = await jobs.claim({ nowMs: nowMs + 60_000, limit: 5 });
    expect(await jobs.move(claimed, 'failed')).toBeUndefined();
    expect((heir && (await jobs.move(heir, 'delivering')))?.stage).toBe('delivering');
    await jobs.withdraw(copy.id);
    await jobs.delete(copy.id, nowMs);
  });
});
