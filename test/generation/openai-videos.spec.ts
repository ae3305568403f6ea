import OpenAI, { toFile } from 'openai';

import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { goOn, sora, videosOf } from './video-jobs.js';

describe('videos of the official openai client', () => {
  let harness: Harness;
  let studio: Emulator;
  let ledger: LedgerReader;

  beforeAll(async () => {
    studio = await startEmulator();
    harness = await newHarness({ env: sora(studio) });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
    await studio.stop();
  });

  beforeEach(() => {
    studio.reset();
  });

  const clientOf = (user: TestUser) => new OpenAI({ apiKey: user.key, baseURL: `${harness.url}/v1` });

  async function done(client: OpenAI, id: string) {
    let video = await client.videos.retrieve(id);
    await until(`the video ${id} is done`, async () => {
      await goOn(harness);
      video = await client.videos.retrieve(id);
      return video.status === 'completed' || video.status === 'failed';
    });
    return video;
  }

  it('are created from a form, asked about, fetched and deleted', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '5' });
    const client = clientOf(user);
    const { data: created, response } = await client.videos
      .create({ model: 'sora-2', prompt: 'A lighthouse', seconds: '8', size: '720x1280' })
      .withResponse();
    expect(created).toMatchObject({
      ...{ object: 'video', status: 'queued', progress: 0, model: 'sora-2', prompt: 'A lighthouse' },
      ...{ seconds: '8', size: '720x1280', error: null, completed_at: null },
    });
    expect(response.headers.get('x-usage-id')).toBe(created.id);
    await expect(client.videos.downloadContent(created.id)).rejects.toMatchObject({ status: 404 });

    expect(await done(client, created.id)).toMatchObject({ status: 'completed', progress: 100 });
    const content = await client.videos.downloadContent(created.id);
    expect(content.headers.get('content-type')).toBe('video/mp4');
    expect((await content.arrayBuffer()).byteLength).toBe(4096);
    expect(studio.jobs.all).toHaveLength(1);
    const [row] = await ledger.rows(user.id);
    expect(row).toMatchObject({ id: created.id, cost_nano_usd: '800000000' });

    expect(await client.videos.delete(created.id)).toEqual({
      ...{ id: created.id, object: 'video.deleted', deleted: true },
    });
    await expect(client.videos.retrieve(created.id)).rejects.toMatchObject({ status: 404 });
    expect((await user.api.get('/assets')).body.items).toEqual([]);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('with the same bytes each have their prompt and request, and go one without the other', async () => {
    const user = await harness.newUser();
    const client = clientOf(user);
    const make = async (prompt: string) => {
      const { data, response } = await client.videos.create({ prompt }).withResponse();
      await done(client, data.id);
      return { prompt, usageId: data.id, requestId: response.headers.get('x-request-id') };
    };
    const [dusk, fog] = [await make('A lighthouse at dusk'), await make('A harbour in fog')];
    expect((await user.api.get('/assets')).body.items).toMatchObject([fog, dusk]);
    expect((await user.api.get('/assets?tag=harbour')).body.items).toMatchObject([fog]);
    await client.videos.delete(dusk.usageId);
    expect((await client.videos.downloadContent(fog.usageId)).status).toBe(200);
    expect((await user.api.get('/assets')).body.items).toMatchObject([fog]);
  });

  it('are fetched in parts, as players do, and who asks behind the end is told how long one is', async () => {
    const client = clientOf(await harness.newUser());
    const { id } = await client.videos.create({ prompt: 'A lighthouse' });
    await done(client, id);
    const fetchPart = (Range: string) => client.videos.downloadContent(id, {}, { headers: { Range } });
    const whole = await client.videos.downloadContent(id);
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    const film = Buffer.from(await whole.arrayBuffer());

    const part = await fetchPart('bytes=100-199');
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${film.length}`]);
    expect(part.headers.get('content-length')).toBe('100');
    expect(Buffer.from(await part.arrayBuffer())).toEqual(film.subarray(100, 200));
    const behind = fetchPart(`bytes=${film.length}-`);
    const headers = await behind.catch((error: unknown) => error instanceof OpenAI.APIError && error.headers);
    expect(headers instanceof Headers && headers.get('content-range')).toBe(`bytes */${film.length}`);
    await expect(behind).rejects.toMatchObject({
      ...{ status: 416, type: 'invalid_request_error', code: 'range_not_satisfiable', param: null },
      message: expect.stringContaining(`${film.length} bytes`) as unknown,
    });
  });

  it('pass a reference on, as a file or as JSON', async () => {
    const user = await harness.newUser();
    const file = await toFile(Buffer.from('a picture'), 'sea.png', { type: 'image/png' });
    const created = await clientOf(user).videos.create({ prompt: 'The sea', input_reference: file });
    await until('it is created', () => studio.jobs.all.length === 1);
    expect(studio.jobs.all[0]?.body.input_reference).toEqual({
      image_url: `data:image/png;base64,${Buffer.from('a picture').toString('base64')}`,
    });
    const url = 'https://example.com/sea.png';
    await clientOf(user).videos.create({ prompt: 'The sea', input_reference: { image_url: url } });
    await until('it is created', () => studio.jobs.all.length === 2);
    expect(studio.jobs.all[1]?.body.input_reference).toEqual({ image_url: url });

    const json = await user.api.post('/v1/videos', { prompt: 'The sea', seconds: 4 });
    expect(json.body).toMatchObject({ object: 'video', seconds: '4' });
    await done(clientOf(user), created.id);
  });

  it('G11: one that is deleted before it is done is stopped, and costs nothing', async () => {
    const user = await harness.newUser({ videoGenerationLimit: 1 });
    const client = clientOf(user);
    const { id } = await client.videos.create({ prompt: 'The sea' });
    await until('it is created', () => studio.jobs.all.length === 1);
    await until('its id is stored', async () => (await client.videos.retrieve(id)).status === 'in_progress');
    await client.videos.delete(id);
    await expect(client.videos.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await until('the provider is told', () => studio.jobs.all[0]?.deleted === true);
    expect(await videosOf(user.api)).toEqual({ used: 0, reserved: 0 });
    expect(await ledger.rows(user.id)).toEqual([]);
  });

  it('fail as OpenAI’s do', async () => {
    const user = await harness.newUser({ videoGenerationLimit: 1 });
    const client = clientOf(user);
    studio.always({ jobFails: 'moderation_blocked' });
    const { id } = await client.videos.create({ prompt: 'The sea' });
    expect(await done(client, id)).toMatchObject({
      status: 'failed',
      error: { code: 'moderation_blocked', message: 'The emulated job failed.' },
    });
    studio.always({});
    await client.videos.create({ prompt: 'The sea' });
    await expect(client.videos.create({ prompt: 'The sea' })).rejects.toMatchObject({
      ...{ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' },
    });
    await expect(client.videos.create({ prompt: '' })).rejects.toMatchObject({
      status: 400,
      param: 'prompt',
    });
    await expect(client.videos.create({ prompt: 'a', model: 'nobody' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(
      client.videos.create({ prompt: 'a', seconds: '30' as never, model: 'sora-2' }),
    ).rejects.toMatchObject({ status: 400 });
  });

  it('a form is for videos only, and one that is none is a 400', async () => {
    const { key } = await harness.newUser();
    const send = (path: string, type: string, body: string) =>
      fetch(harness.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': type },
        body,
      });
    expect((await send('/v1/chat/completions', 'multipart/form-data; boundary=x', '--x--')).status).toBe(415);
    expect((await send('/v1/videos', 'multipart/form-data; boundary=x', 'no form')).status).toBe(400);
    expect((await send('/v1/videos', 'multipart/form-data', '--x--')).status).toBe(400);
  });
});
