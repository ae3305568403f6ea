import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

const MESSAGES = [{ role: 'user', content: 'hi' }];

describe('requests that nobody expects', () => {
  let harness: Harness;
  let user: TestUser;
  let ledger: LedgerReader;

  beforeAll(async () => {
    // A model whose output maximum nobody knows.
    harness = await newHarness({ upstream: true, env: { PROVIDER_UPSTREAM_MODELS: 'mystery,gpt-image-1' } });
    user = await harness.newUser();
    ledger = await LedgerReader.open(harness.databaseUrl);
  });

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  afterEach(() => {
    expect(harness.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it.each([1e300, 9_300_000_000_000_000_000, 10_000_001])(
    'G1: a cap of %d tokens is refused',
    async (max_tokens) => {
      const answer = await user.api.post('/v1/chat/completions', { messages: MESSAGES, max_tokens });
      expect([answer.status, answer.body.error.param]).toEqual([400, 'max_tokens']);
      expect(harness.emulator.requests).toHaveLength(0);
    },
  );

  it('G1: the largest cap and most choices are held and given back to the last token', async () => {
    harness.emulator.reset();
    const body = { messages: MESSAGES, max_tokens: 10_000_000, n: 128 };
    expect((await user.api.post('/v1/chat/completions', body)).status).toBe(200);
    const { limits } = (await user.api.get('/me/usage')).body;
    for (const limit of limits) expect(Number(limit.reserved)).toBe(0);
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: 1 });
    harness.emulator.reset();
  });

  it('G14: images in pieces are refused, since the provider would bill what nobody is charged for', async () => {
    for (const field of [{ stream: true }, { partial_images: 2 }]) {
      const answer = await user.api.post('/v1/images/generations', {
        model: 'gpt-image-1',
        prompt: 'x',
        ...field,
      });
      expect(answer.status).toBe(400);
    }
    expect(harness.emulator.requests).toHaveLength(0);
  });

  it.each([
    ['application/json', '{'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['multipart/form-data', 'no form'],
    ['text/plain', 'hi'],
  ])('a path that is not there is a 404 for a body of %s too, whatever is in it', async (type, body) => {
    for (const path of ['/v1/audio/transcriptions', '/v1/images/edits', '/nowhere']) {
      const answer = await user.api.post(path, body, { 'content-type': type });
      expect([answer.status, answer.body.code ?? answer.body.error.code]).toEqual([404, 'not_found']);
    }
  });

  it('a body nested too deep is a 400', async () => {
    const deep = `{"messages":[{"role":"user","content":"hi"}],"metadata":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
    expect((await user.api.post('/v1/chat/completions', deep)).status).toBe(400);
    expect(
      (await user.api.post('/generate/script', `{"topic":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)).status,
    ).toBe(400);
  });

  it.each(['0000-01', '9999-12', '1999-12'])('a month that is out of reach is a 400: %s', async (month) => {
    expect((await user.api.get(`/me/usage?month=${month}`)).status).toBe(400);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
    'a body of %s is a 415',
    async (type) => {
      const answer = await user.api.post('/generate/script', 'topic=x', { 'content-type': type });
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('a path that is no URL, or has an id without end, is told in the shape of where it lies', async () => {
    const broken = await harness.admin.get('/admin/users/%zz');
    expect([broken.status, broken.body.code]).toEqual([400, 'validation_failed']);
    expect(broken.headers.get('x-request-id')).toMatch(/\S/);
    expect((await user.api.get('/v1/%zz')).body.error.code).toBe('validation_failed');
    const long = await harness.admin.get(`/admin/users/${'a'.repeat(5_000)}`);
    expect([long.status, long.body.code]).toEqual([404, 'not_found']);
  });

  it('a count that no call can have is no count', async () => {
    harness.emulator.next({ usage: { prompt_tokens: 9e15, completion_tokens: 9e15, total_tokens: 18e15 } });
    await user.api.post('/v1/chat/completions', { messages: MESSAGES });
    const rows = await ledger.rows(user.id);
    expect(rows.at(-1)).toMatchObject({ estimated: true });
    expect((await user.api.get('/me/usage')).status).toBe(200);
  });

  it("counts the endpoint's rate by user, however many keys the user makes", async () => {
    const newcomer = await harness.newUser({ monthlyCallLimit: 0 }, 'free');
    const second = await newcomer.api.post('/me/api-keys', { name: 'second' });
    expect([201, 403]).toContain(second.status);
    const first = await newcomer.api.get('/me');
    const again = await newcomer.api.get('/me');
    const left = (answer: { headers: Headers }) => Number(answer.headers.get('x-ratelimit-remaining'));
    expect(left(again)).toBe(left(first) - 1);
  });

  it('says with each 401 how one logs in, as HTTP asks for', async () => {
    for (const path of ['/me', '/v1/models', '/session']) {
      const { status, headers } = await fetch(harness.url + path);
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });
});
