import { EventEmitter, once } from 'node:events';

import { type EmulatedRequest } from '../support/emulator/emulator.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { LedgerReader } from '../support/ledger-reader.js';

const STREAMS = 50;
const WORDS = 20;
/** The role, the words, the end and the usage. */
const CHUNKS = WORDS + 3;
const TEXT =
  ' one two three four five six seven eight one two three four five six seven eight one two three four';

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage: { readonly total_tokens: number } | null;
}

/** What the client of one stream has so far; it tells of each chunk. */
class Reader extends EventEmitter {
  readonly chunks: Chunk[] = [];
  done = false;

  async read(response: Response): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      const events = (rest + decoder.decode(bytes as Uint8Array, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) this.take(event.replace(/^data: /, ''));
    }
  }

  async has(count: number): Promise<void> {
    while (this.chunks.length < count) await once(this, 'chunk');
  }

  private take(data: string): void {
    if (data === '[DONE]') this.done = true;
    else this.chunks.push(JSON.parse(data) as Chunk);
    this.emit('chunk');
  }
}

describe(`${STREAMS} streams at once through one instance`, () => {
  let harness: Harness;
  let ledger: LedgerReader;
  let user: TestUser;
  const readers = Array.from({ length: STREAMS }, () => new Reader());

  beforeAll(async () => {
    harness = await newHarness({ upstream: true });
    ledger = await LedgerReader.open(harness.databaseUrl);
    user = await harness.newUser({ monthlyTokenLimit: 1_000_000 });
    harness.emulator.always(({ body }: EmulatedRequest) => ({
      outputTokens: WORDS,
      // Nothing goes on before its client has all that was sent: what is kept back anywhere stands still here.
      beforeChunk: async (sent) => {
        if (sent === 0) await harness.emulator.until(({ inFlight }) => inFlight === STREAMS, 60_000);
        await readers[Number(body.user)]?.has(sent);
      },
    }));
    await Promise.all(
      readers.map(async (reader, at) => {
        const response = await user.api.open('/v1/chat/completions', {
          model: 'gpt-4o-mini',
          messages: [{ role: 'user', content: 'Count.' }],
          user: String(at),
          stream: true,
          stream_options: { include_usage: true },
        });
        await reader.read(response);
      }),
    );
  }, 120_000);

  afterAll(async () => {
    await ledger.close();
    await harness.stop();
  });

  it('each chunk is with its client before the next is made, all in their order', () => {
    expect(readers.map(({ chunks, done }) => [chunks.length, done])).toEqual(
      readers.map(() => [CHUNKS, true]),
    );
    const texts = readers.map(({ chunks }) =>
      chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
    );
    expect(new Set(texts)).toEqual(new Set([TEXT]));
    expect(harness.emulator.maxInFlight).toBe(STREAMS);
  });

  it('all are settled to the token', async () => {
    const told = readers.map(({ chunks }) => chunks.at(-1)?.usage?.total_tokens ?? 0);
    const tokens = told.reduce((sum, count) => sum + count, 0);
    expect(tokens).toBeGreaterThan(STREAMS * WORDS);
    expect(await ledger.ledger(user.id)).toMatchObject({ rows: STREAMS, calls: STREAMS, tokens });
    const { body } = await user.api.get('/me/usage');
    const limit = body.limits.find(({ name }: { name: string }) => name === 'user.month.tokens');
    expect(limit).toMatchObject({ used: tokens, reserved: 0 });
  });
});
