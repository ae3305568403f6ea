import { Client } from 'pg';

import { IdempotencyKeys } from '../../src/http/idempotency/idempotency-keys.js';
import { Sweeper } from '../../src/rate-limiting/index.js';
import { type ApiAnswer } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { until } from '../support/until.js';

const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Tell me about the sea.' }] };
const TTL_SEC = 60;
const CHAT_PATH = '/v1/chat/completions';

describe('Idempotency-Key', () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let database: Client;
  let user: TestUser;
  let keys = 0;

  beforeAll(async () => {
    harness = await newHarness({
      upstream: true,
      env: { RESERVATION_TTL_SEC: String(TTL_SEC), PROVIDER_COOLDOWN_SEC: '0' },
    });
    ledger = await LedgerReader.open(harness.databaseUrl);
    database = new Client({ connectionString: harness.databaseUrl });
    await database.connect();
  });

  afterAll(async () => {
    await database.end();
    await ledger.close();
    await harness.stop();
  });

  beforeEach(async () => {
    harness.emulator.reset();
    user = await harness.newUser({ monthlyTokenLimit: 1_000_000, imageGenerationLimit: 100 });
  });

  const newKey = () => ({ 'Idempotency-Key': `key-${++keys}` });
  const codeOf = ({ status, body }: ApiAnswer) => [status, body.error?.code ?? body.code];

  async function stateOf(header: Record<string, string>): Promise<string | undefined> {
    const { rows } = await database.query<{ state: string }>(
      'SELECT state FROM idempotency_key WHERE user_id = $1 AND key = $2',
      [user.id, header['Idempotency-Key']],
    );
    return rows[0]?.state;
  }

  it.each([
    ['a chat', CHAT_PATH, CHAT],
    ['a streamed chat', CHAT_PATH, { ...CHAT, stream: true }],
    ['embeddings', '/v1/embeddings', { model: 'text-embedding-3-small', input: 'the sea' }],
    ['images', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'a boat' }],
    ['a script', '/generate/script', { topic: 'the sea' }],
    ['an image', '/generate/image', { prompt: 'a boat', size: '1024x1024' }],
  ])('G10: the same key gives the answer to %s again, and it is charged once', async (_what, path, body) => {
    const key = newKey();
    const first = await user.api.post(path, body, key);
    const again = await user.api.post(path, body, key);
    expect(first.status).toBe(200);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    for (const name of ['content-type', 'x-usage-id', 'x-cuota-provider', 'x-quota-remaining'])
      expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(harness.emulator.requests).toHaveLength(1);
    expect((await ledger.rows(user.id)).map(({ id }) => id)).toEqual([first.headers.get('x-usage-id')]);
  });

  it('G10: a streamed script is given again as a stream, and its plain form is another request', async () => {
    const [key, accept] = [newKey(), { accept: 'text/event-stream' }];
    const first = await user.api.post('/generate/script', { topic: 'sea' }, { ...key, ...accept });
    const again = await user.api.post('/generate/script', { topic: 'sea' }, { ...key, ...accept });
    expect(first.body).toContain('event: script.done');
    expect(again.body).toBe(first.body);
    const plain = await user.api.post('/generate/script', { topic: 'sea' }, key);
    expect(codeOf(plain)).toEqual([422, 'idempotency_mismatch']);
  });

  it('G10: while the first call runs another is told to come back, and then gets its answer', async () => {
    const key = newKey();
    harness.emulator.hold();
    const first = user.api.post(CHAT_PATH, CHAT, key);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    const second = await user.api.post(CHAT_PATH, CHAT, key);
    expect(codeOf(second)).toEqual([409, 'idempotency_in_progress']);
    expect(second.headers.get('retry-after')).toBe('1');
    harness.emulator.release();
    const { body } = await first;
    expect((await user.api.post(CHAT_PATH, CHAT, key)).body).toEqual(body);
  });

  it('G10: the same key with another body or for another route is refused', async () => {
    const key = newKey();
    await user.api.post(CHAT_PATH, CHAT, key);
    const other = await user.api.post(CHAT_PATH, { ...CHAT, max_tokens: 5 }, key);
    expect(codeOf(other)).toEqual([422, 'idempotency_mismatch']);
    const elsewhere = await user.api.post('/v1/embeddings', { input: 'x' }, key);
    expect(codeOf(elsewhere)).toEqual([422, 'idempotency_mismatch']);
    expect(elsewhere.body.error.message).toContain('POST /v1/chat/completions');
    expect(harness.emulator.requests).toHaveLength(1);
  });

  it("G12: one user's key says nothing to another, and white space in a body says nothing at all", async () => {
    const key = newKey();
    const other = await harness.newUser();
    const first = await user.api.post(CHAT_PATH, CHAT, key);
    const others = await other.api.post(CHAT_PATH, CHAT, key);
    expect([others.status, others.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect(others.headers.get('x-usage-id')).not.toBe(first.headers.get('x-usage-id'));
    const spaced = await user.api.post(CHAT_PATH, JSON.stringify(CHAT, undefined, 2), key);
    expect(spaced.body).toEqual(first.body);
  });

  it.each([[''], ['x'.repeat(256)], ['two words'], ['Schlüssel']])(
    'refuses the key "%s", which is none',
    async (key) => {
      const answer = await user.api.post(CHAT_PATH, CHAT, { 'Idempotency-Key': key });
      expect(codeOf(answer)).toEqual([400, 'validation_failed']);
      expect(answer.body.error.param).toBe('Idempotency-Key');
    },
  );

  it('takes a key of 255 characters', async () => {
    const answer = await user.api.post(CHAT_PATH, CHAT, { 'Idempotency-Key': '~'.repeat(255) });
    expect(answer.status).toBe(200);
  });

  it('G10: a call that failed and was not charged really runs again under its key', async () => {
    const key = newKey();
    harness.emulator.next({ status: 500 }, { status: 429 });
    const wrong = await user.api.post(CHAT_PATH, { ...CHAT, messages: 'none' }, key);
    expect(codeOf(wrong)).toEqual([400, 'validation_failed']);
    expect(codeOf(await user.api.post(CHAT_PATH, CHAT, key))).toEqual([502, 'provider_failed']);
    const streamed = { ...CHAT, stream: true };
    expect(codeOf(await user.api.post(CHAT_PATH, streamed, key))).toEqual([503, 'providers_exhausted']);
    const answer = await user.api.post(CHAT_PATH, CHAT, key);
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('G10: a denial frees the key: with room the same call runs', async () => {
    const key = newKey();
    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyTokenLimit: 1 });
    expect(codeOf(await user.api.post(CHAT_PATH, CHAT, key))).toEqual([429, 'insufficient_quota']);
    await harness.admin.put(`/admin/limits/users/${user.id}`, { monthlyTokenLimit: 1_000_000 });
    await until(
      'the new limit holds',
      async () => (await user.api.post(CHAT_PATH, CHAT, key)).status === 200,
    );
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('G10: a stream that its client left was charged, so its key does not run again', async () => {
    const key = newKey();
    const streamed = { ...CHAT, stream: true };
    harness.emulator.next({ holdAfterChunks: 4 });
    const hangUp = new AbortController();
    const response = await user.api.open(CHAT_PATH, streamed, { headers: key, signal: hangUp.signal });
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('three')) {
      const piece = await reader?.read();
      if (!piece?.value) throw new Error(`The stream ended after: ${text}`);
      text += new TextDecoder().decode(piece.value);
    }
    hangUp.abort();
    await until('the run ended', async () => (await stateOf(key)) === 'lost');
    const [row] = await ledger.rows(user.id);
    const again = await user.api.post(CHAT_PATH, streamed, key);
    expect(codeOf(again)).toEqual([409, 'conflict']);
    expect([again.body.error.usageId, again.headers.get('x-should-retry')]).toEqual([row?.id, 'false']);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('G10: a client that left before anything was sent paid nothing, so its key runs again', async () => {
    for (const stream of [false, true]) {
      const key = newKey();
      harness.emulator.reset();
      harness.emulator.next({ hang: true });
      const hangUp = new AbortController();
      const init = { headers: key, signal: hangUp.signal };
      const call = user.api.open(CHAT_PATH, { ...CHAT, stream }, init);
      await harness.emulator.until(({ inFlight }) => inFlight === 1);
      hangUp.abort();
      await expect(call).rejects.toThrow();
      await until('the key is free', async () => (await stateOf(key)) === undefined);
      expect((await user.api.post(CHAT_PATH, { ...CHAT, stream }, key)).status).toBe(200);
    }
    expect(await ledger.rows(user.id)).toHaveLength(2);
  });

  it('G10: a stream that broke off after output is given again as it went', async () => {
    const key = newKey();
    harness.emulator.next({ cutAfterChunks: 6 });
    const first = await user.api.post(CHAT_PATH, { ...CHAT, stream: true }, key);
    expect(first.body).toContain('"code":"provider_failed"');
    expect((await user.api.post(CHAT_PATH, { ...CHAT, stream: true }, key)).body).toBe(first.body);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('G10: a stream too large to keep is not charged again either', async () => {
    const key = newKey();
    const body = { ...CHAT, stream: true };
    harness.emulator.next({ extra: { padding: 'x'.repeat(200_000) } });
    expect((await user.api.post(CHAT_PATH, body, key)).status).toBe(200);
    const again = await user.api.post(CHAT_PATH, body, key);
    expect(codeOf(again)).toEqual([409, 'conflict']);
    expect(again.body.error.message).toContain('too large to keep');
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  describe('of a call whose process died', () => {
    /** As a process leaves it that is killed while its call runs. */
    async function dead(header: Record<string, string>): Promise<void> {
      await user.api.post(CHAT_PATH, CHAT, header);
      const sql = `UPDATE idempotency_key SET state = 'running', status = NULL, headers = NULL, body = NULL
                    WHERE user_id = $1 AND key = $2`;
      await database.query(sql, [user.id, header['Idempotency-Key']]);
    }

    const forget = (header: Record<string, string>) =>
      database.query(
        `UPDATE idempotency_key SET usage_id = gen_random_uuid() WHERE user_id = $1 AND key = $2`,
        [user.id, header['Idempotency-Key']],
      );

    it('G10: with its row in the ledger it is not charged again', async () => {
      const key = newKey();
      await dead(key);
      const soon = await user.api.post(CHAT_PATH, CHAT, key);
      expect(codeOf(soon)).toEqual([409, 'idempotency_in_progress']);
      harness.clock.advance(30_000);
      const [row] = await ledger.rows(user.id);
      for (const later of [0, TTL_SEC * 1000]) {
        harness.clock.advance(later);
        const answer = await user.api.post(CHAT_PATH, CHAT, key);
        expect(codeOf(answer)).toEqual([409, 'conflict']);
        expect(answer.body.error.usageId).toBe(row?.id);
      }
      expect(await ledger.rows(user.id)).toHaveLength(1);
    });

    it('G10: with no row in the ledger one of those who ask runs it, past its deadline', async () => {
      const key = newKey();
      await dead(key);
      await forget(key);
      harness.clock.advance(TTL_SEC * 1000);
      const early = await user.api.post(CHAT_PATH, CHAT, key);
      expect(codeOf(early)).toEqual([409, 'idempotency_in_progress']);
      harness.clock.advance(15_000);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => user.api.post(CHAT_PATH, CHAT, key)),
      );
      const ran = answers.filter(
        ({ status, headers }) => status === 200 && !headers.get('idempotent-replayed'),
      );
      expect(ran).toHaveLength(1);
      const again = await user.api.post(CHAT_PATH, CHAT, key);
      expect(again.headers.get('x-usage-id')).toBe(ran[0]?.headers.get('x-usage-id'));
      expect(await ledger.rows(user.id)).toHaveLength(2);
    });
  });

  it('G10: an answer is kept for 24 hours', async () => {
    const key = newKey();
    const first = await user.api.post(CHAT_PATH, CHAT, key);
    harness.clock.advance(24 * 3_600_000 - 1);
    expect((await user.api.post(CHAT_PATH, CHAT, key)).body).toEqual(first.body);
    harness.clock.advance(1);
    const anew = await user.api.post(CHAT_PATH, CHAT, key);
    expect([anew.status, anew.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect(await ledger.rows(user.id)).toHaveLength(2);
  });

  it('drops expired keys in batches, and no others', async () => {
    await user.api.post(CHAT_PATH, CHAT, newKey());
    await database.query(
      `INSERT INTO idempotency_key (user_id, key, route, request_hash, usage_id, state, lives_until, expires_at)
       SELECT 'old', 'key-' || n, 'POST /', 'x', gen_random_uuid(), 'lost', $1::timestamptz, $1::timestamptz
         FROM generate_series(1, 1200) n`,
      [new Date(harness.clock.now())],
    );
    const { rows: before } = await database.query('SELECT 1 FROM idempotency_key WHERE expires_at > $1', [
      new Date(harness.clock.now()),
    ]);
    expect(await harness.app.get(IdempotencyKeys).clean()).toBeGreaterThanOrEqual(1_200);
    expect((await database.query('SELECT 1 FROM idempotency_key')).rows).toHaveLength(before.length);
  });

  it('G10: a call that takes longer than its deadline keeps its key while its process lives', async () => {
    const key = newKey();
    harness.emulator.hold();
    const first = user.api.post(CHAT_PATH, CHAT, key);
    await harness.emulator.until(({ inFlight }) => inFlight === 1);
    for (let minute = 0; minute < 3; minute++) {
      harness.clock.advance(TTL_SEC * 1000);
      await harness.app.get(Sweeper).sweep();
      await harness.app.get(IdempotencyKeys).renew();
    }
    expect(codeOf(await user.api.post(CHAT_PATH, CHAT, key))).toEqual([409, 'idempotency_in_progress']);
    harness.emulator.release();
    expect((await first).status).toBe(200);
    expect(await ledger.rows(user.id)).toHaveLength(1);
  });

  it('without a key nothing is kept', async () => {
    const count = async () => (await database.query('SELECT 1 FROM idempotency_key')).rows.length;
    const before = await count();
    for (let call = 0; call < 2; call++) expect((await user.api.post(CHAT_PATH, CHAT)).status).toBe(200);
    expect(await count()).toBe(before);
    expect(await ledger.rows(user.id)).toHaveLength(2);
  });
});
