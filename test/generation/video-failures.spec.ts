import { Client } from 'pg';

import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, providerAt, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

import { ended, goOn, sora, videosOf } from './video-jobs.js';

const WISH = { prompt: 'The sea', durationSeconds: 4, model: 'sora-2' };

/** `openai` has a price; `second` serves the same model and has none. */
describe('videos that do not go well', () => {
  let harness: Harness;
  let studio: Emulator;
  let second: Emulator;
  let ledger: LedgerReader;
  let user: TestUser;

  beforeAll(async () => {
    [studio, second] = await Promise.all([startEmulator(), startEmulator()]);
    harness = await newHarness({
      env: {
        PROVIDER_ORDER: 'openai,second',
        PROVIDER_COOLDOWN_SEC: '0',
        VIDEO_JOB_TIMEOUT_SEC: '600',
        ...sora(studio),
        ...providerAt('second', second, { models: 'sora-2=sora-home,only-here=sora-lab' }),
        PROVIDER_OPENAI_TIMEOUT_MS: '400',
      },
    });
    ledger = await LedgerReader.open(harness.databaseUrl);
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
    await Promise.all([studio.stop(), second.stop()]);
  });

  beforeEach(async () => {
    for (const emulator of [studio, second]) emulator.reset();
    user = await harness.newUser({ videoGenerationLimit: 1 });
  });

  const start = async (wish: object = WISH): Promise<string> =>
    String((await user.api.post('/generate/video', wish)).body.id);

  async function costNothing(id: string, code: string) {
    const failed = await ended(harness, user.api, id);
    expect(failed).toMatchObject({ status: 'failed', assets: [], usage: null, error: { code } });
    await until('it holds nothing', async () => (await videosOf(user.api)).reserved === 0);
    expect(await videosOf(user.api)).toEqual({ used: 0, reserved: 0 });
    expect(await ledger.rows(user.id)).toEqual([]);
  }

  it('G11: what the provider did not make costs nothing, and the job says why', async () => {
    studio.always({ jobFails: 'moderation_blocked' });
    await costNothing(await start(), 'moderation_blocked');
  });

  it('G11: what the provider refuses is told in its words, and nobody else is asked', async () => {
    studio.next({ status: 400 });
    await costNothing(await start(), 'validation_failed');
    expect(second.requests).toEqual([]);
  });

  it('G11: what is no video is not charged', async () => {
    studio.always(({ path }) => (path.endsWith('/content') ? { videoBytes: 3 } : { jobPolls: 1 }));
    await costNothing(await start(), 'provider_failed');
  });

  it('who failed before anything was made is followed by the next, which is charged', async () => {
    studio.next({ status: 500 });
    const done = await ended(harness, user.api, await start());
    expect(done).toMatchObject({ status: 'completed', provider: 'second', usage: { costUsd: '0' } });
    expect([studio.jobs.all.length, second.jobs.all.length]).toEqual([0, 1]);
    expect(await ledger.rows(user.id)).toEqual([expect.objectContaining({ provider: 'second', calls: 1 })]);
  });

  it('is never made twice: whoever did not say whether it is made is asked no more, nor is anybody else', async () => {
    studio.next({ hang: true });
    await costNothing(await start(), 'provider_timeout');
    studio.next({ rubbish: '{"object": "video"}', contentType: 'application/json' });
    await costNothing(await start(), 'provider_failed');
    expect(second.requests).toEqual([]);
  });

  it('waits its turn while nobody has room', async () => {
    studio.next({ status: 429, headers: { 'retry-after': '2' } });
    second.next({ status: 429, headers: { 'retry-after': '2' } });
    const id = await start();
    await until('both have refused', () => studio.requests.length + second.requests.length === 2);
    expect(await videosOf(user.api)).toEqual({ used: 0, reserved: 1 });
    expect((await ended(harness, user.api, id)).status).toBe('completed');
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('is asked about again where an answer does not come', async () => {
    studio.always(({ method }) => (method === 'GET' && studio.requests.length < 5 ? { status: 503 } : {}));
    expect((await ended(harness, user.api, await start())).status).toBe('completed');
    expect(studio.jobs.all).toHaveLength(1);
  });

  it('one that is never done is given up, and stopped', async () => {
    studio.always({ jobPolls: 1_000_000 });
    const id = await start();
    await until('it is made', async () => {
      return (await user.api.get(`/generations/${id}`)).body.status === 'processing';
    });
    harness.clock.advance(600_000);
    await costNothing(id, 'provider_timeout');
    await until('it is stopped', () => studio.jobs.all[0]?.deleted === true);
  });

  it('G14: what has no price is refused to who has a money limit, and goes to who has one where there are both', async () => {
    const rich = await harness.newUser({ monthlyCostLimitUsd: '100' });
    const unpriced = await rich.api.post('/generate/video', { ...WISH, model: 'only-here' });
    expect([unpriced.status, unpriced.body.code]).toEqual([403, 'forbidden']);
    studio.next({ status: 500 });
    const { id } = (await rich.api.post('/generate/video', WISH)).body;
    expect((await ended(harness, rich.api, id)).status).toBe('failed');
    expect(second.requests).toEqual([]);
  });

  it('a dead process’s question to a provider is not asked again', async () => {
    studio.hold();
    const id = await start();
    await studio.until(({ inFlight }) => inFlight === 1);
    // As if its process had died: the lease is over, and the answer never comes to anybody.
    const client = new Client({ connectionString: harness.databaseUrl });
    await client.connect();
    await client.query(
      "UPDATE video_job SET lease_token = 'dead', lease_until = created_at WHERE id = $1 AND stage = 'creating'",
      [id],
    );
    await client.end();
    await costNothing(id, 'provider_failed');
    studio.release();
    await goOn(harness);
    expect(studio.jobs.all.length).toBeLessThan(2);
    expect(second.requests).toEqual([]);
  });
});
