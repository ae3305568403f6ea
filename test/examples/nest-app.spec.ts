import { LedgerReader } from '../support/ledger-reader.js';
import { PackedApp, type StartedApp } from '../support/packed-app.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** Lines that compile only where the package's types came along, and say what they should. */
const TYPED = `
  import { RateLimit, RateLimitingModule, RateLimitingService, userId } from 'cuota';

  export class Typed {
    @RateLimit({ operation: 'llm_call', estimate: (text: string) => ({ inputTokens: text.length }) })
    right(text: string): Promise<string> { return Promise.resolve(text); }

    // @ts-expect-error there is no such operation
    @RateLimit({ operation: 'poem' })
    wrong(): void {}

    async asks(service: RateLimitingService): Promise<boolean> {
      const { allowed } = await service.checkLimit({ userId: userId('ana'), operation: 'llm_call', tokens: 5 });
      return allowed;
    }
  }
  // @ts-expect-error somebody must know the limits
  RateLimitingModule.forRoot({ databaseUrl: 'postgres://localhost/x' });
`;

describe('the package in another Nest app', () => {
  let postgres: TestPostgres;
  let packed: PackedApp;
  let compiled: string;
  // Not there where the app did not compile.
  let app: StartedApp | undefined;
  let ledger: LedgerReader;

  beforeAll(async () => {
    [postgres, packed] = await Promise.all([startPostgres(), PackedApp.install()]);
    compiled = await packed.build('typed.ts', TYPED);
    ledger = await LedgerReader.open(postgres.url);
    if (compiled === '') app = await packed.start({ DATABASE_URL: postgres.url });
  }, 300_000);

  afterAll(async () => {
    await ledger.close();
    await app?.stop();
    await postgres.stop();
    packed.remove();
  }, 60_000);

  const write = (user: string, about: string) =>
    fetch(`${String(app?.url)}/poems`, {
      method: 'POST',
      headers: { 'x-user': user, 'content-type': 'application/json' },
      body: JSON.stringify({ about }),
    });
  const usage = async (user: string): Promise<Record<string, unknown>[]> => {
    const answer = await fetch(`${String(app?.url)}/usage`, { headers: { 'x-user': user } });
    return (await answer.json()) as Record<string, unknown>[];
  };

  it('has what runs and its types, and nothing of the tests', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'package/dist/src/heart/index.js',
        'package/dist/types/src/heart/index.d.ts',
        'package/dist/src/rate-limiting/counters/redis/lua/reserve.lua',
        'package/dist/src/rate-limiting/ledger/sql/record-usage.sql',
        'package/dist/migrations/index.js',
      ]),
    );
    expect(packed.files.filter((file) => /spec|\/test\//.test(file))).toEqual([]);
  });

  it('type-checks against the types that came with it', () => {
    expect(compiled).toBe('');
  });

  it('G1, G13: guards its methods: of ten calls at once three have room, and the others are told why', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => write('ana', 'rain')));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 201, 429, 429, 429, 429, 429, 429, 429]);
    const denied = answers.find(({ status }) => status === 429);
    expect(Number(denied?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await denied?.json()).toMatchObject({
      limits: [{ name: 'user.month.calls', max: 3, remaining: 0, window: 'month' }],
    });
    expect(await usage('ana')).toEqual([
      expect.objectContaining({ name: 'user.month.calls', used: 3, reserved: 0, remaining: 0 }),
    ]);
    // "rain", and the two lines that it became.
    expect(await ledger.ledger('ana')).toMatchObject({ rows: 3, calls: 3, tokens: 3 * 41 });
  });

  it('G11: gives back what a method that threw had reserved', async () => {
    expect((await write('ben', '')).status).toBe(500);
    expect(await usage('ben')).toEqual([expect.objectContaining({ used: 0, reserved: 0 })]);
    expect(await ledger.ledger('ben')).toMatchObject({ rows: 0 });
  });

  it('asks the host for the limits of each user', async () => {
    expect(await usage('friend-cleo')).toEqual([
      expect.objectContaining({ name: 'user.month.tokens', max: 10_000 }),
    ]);
  });
});
