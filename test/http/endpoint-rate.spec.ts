import { Client } from 'pg';

import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness } from '../support/harness.js';

const RATE = { requestsPerMinute: 77, burst: 10 };
const CHAT = { messages: [{ role: 'user', content: 'hi' }] };

describe('endpoint rates', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness({ env: { TRUST_PROXY: '127.0.0.1' } });
  });

  afterAll(() => harness.stop());

  it('gives a newcomer the burst of the route, then a permit as they refill', async () => {
    const user = await harness.newUser(
      { monthlyTokenLimit: 0, monthlyCallLimit: 0, monthlyCostLimitUsd: '0' },
      'free',
    );
    const first = await user.api.post('/v1/chat/completions', CHAT);
    expect(first.status).toBe(200);
    expect(first.headers.get('x-ratelimit-limit')).toBe('30');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('4');
    expect(first.headers.get('ratelimit-policy')).toContain('"endpoint.requests";q=5;w=10');
    expect(first.headers.get('ratelimit')).toContain('"endpoint.requests";r=4;t=2');
    for (let call = 0; call < 4; call++)
      expect((await user.api.post('/v1/chat/completions', CHAT)).status).toBe(200);

    const denied = await user.api.post('/v1/chat/completions', CHAT);
    expect(denied.status).toBe(429);
    expect(denied.body.error).toMatchObject({
      code: 'rate_limit_exceeded',
      limits: [{ name: 'endpoint.requests', remaining: 0 }],
    });
    expect(denied.headers.get('retry-after')).toBe('2');
    expect(denied.headers.get('x-should-retry')).toBeNull();
    expect(denied.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(denied.headers.get('x-ratelimit-reset'))).toBe(harness.clock.now() / 1000 + 10);

    harness.clock.advance(2_000);
    expect((await user.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
  });

  it('counts each route and each caller apart', async () => {
    const [one, other] = [await harness.newUser({}, 'free'), await harness.newUser({}, 'free')];
    for (let call = 0; call < 6; call++) await one.api.post('/v1/chat/completions', CHAT);
    expect((await one.api.post('/v1/chat/completions', CHAT)).status).toBe(429);
    expect((await one.api.post('/v1/embeddings', { input: 'x' })).status).toBe(200);
    expect((await other.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
  });

  it("takes the plan's rate for an endpoint before the plan's own, before the route's", async () => {
    await harness.admin.post('/admin/plans', {
      id: 'rated',
      name: 'Rated',
      requestsPerMinute: 120,
      burst: 7,
      endpointRates: { 'POST /v1/chat/completions': { requestsPerMinute: 240, burst: 9 } },
    });
    const user = await harness.newUser({}, 'rated');
    expect((await user.api.post('/v1/chat/completions', CHAT)).headers.get('x-ratelimit-limit')).toBe('240');
    const other = await user.api.post('/v1/embeddings', { input: 'x' });
    expect([other.headers.get('x-ratelimit-limit'), other.headers.get('x-ratelimit-remaining')]).toEqual([
      '120',
      '6',
    ]);
  });

  it('takes a rate for every route that is counted, and for no other', async () => {
    const { body } = await harness.admin.get('/openapi.json');
    const documented: [string, object][] = Object.entries(body.paths);
    const routes = documented.flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (verb) => `${verb.toUpperCase()} ${path.replace('{path}', '*').replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    );
    const pages = ['GET /openapi.json', 'GET /docs'];
    const uncounted = ['GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /v1/realtime', ...pages];
    expect(routes).toEqual(expect.arrayContaining(uncounted));
    const counted = routes.filter((route) => !uncounted.includes(route));
    expect(counted).toEqual(
      expect.arrayContaining(['GET /', 'GET /session', 'POST /workspaces', 'POST /workspace/register']),
    );
    const ratesOf = (names: string[]) => Object.fromEntries(names.map((name) => [name, RATE]));
    const all = { id: 'all-rated', endpointRates: ratesOf(counted) };
    expect((await harness.admin.post('/admin/plans', all)).body).toMatchObject({ id: 'all-rated' });
    const { api } = await harness.newUser({}, 'all-rated');
    for (const route of counted) {
      const [verb = '', path = ''] = route.split(' ');
      const answer = await api.send(verb, path.replaceAll(/:\w+|\*/g, 'x'));
      expect([route, answer.headers.get('x-ratelimit-limit')]).toEqual([route, '77']);
    }

    const wrong = [
      'POST /v1/chat/completion',
      'POST /v1/chat/completions/',
      'HEAD /',
      'GET /v1/models/*',
      ...uncounted,
    ];
    const refused = await harness.admin.patch('/admin/plans/all-rated', {
      endpointRates: ratesOf(wrong),
      burst: 0,
    });
    expect([refused.status, refused.body.errors.map(({ path }: { path: string }) => path)]).toEqual([
      400,
      ['burst', 'endpointRates'],
    ]);
    for (const route of [...wrong.map((one) => `"${one}"`), ...counted])
      expect(refused.body.errors[1].message).toContain(route);
  });

  it('reads and changes a plan that was stored with a route that there is none of', async () => {
    const endpointRates = { 'POST /v1/chat/completion': RATE };
    await harness.admin.post('/admin/plans', { id: 'older' });
    const sql = new Client({ connectionString: harness.databaseUrl });
    await sql.connect();
    await sql.query("UPDATE plan SET endpoint_rates = $1 WHERE id = 'older'", [endpointRates]);
    await sql.end();
    expect((await harness.admin.get('/admin/plans/older')).body.endpointRates).toEqual(endpointRates);
    const patched = await harness.admin.patch('/admin/plans/older', { burst: 3 });
    expect(patched.body).toMatchObject({ burst: 3, endpointRates });
    const user = await harness.newUser({}, 'older');
    expect((await user.api.post('/v1/chat/completions', CHAT)).status).toBe(200);
  });

  it('counts who is not known by address, and believes forwarded addresses only of a trusted proxy', async () => {
    const nobody = new ApiClient(harness.url);
    const from = (address: string) => nobody.get('/status', { 'x-forwarded-for': address });
    const remaining = async (address: string) => (await from(address)).headers.get('x-ratelimit-remaining');
    expect([await remaining('203.0.113.7'), await remaining('203.0.113.7')]).toEqual(['9', '8']);
    expect(await remaining('203.0.113.8')).toBe('9');
  });

  it('holds back who guesses keys, by address', async () => {
    const guesser = new ApiClient(harness.url, 'cuota_guess');
    const statuses: number[] = [];
    for (let call = 0; call < 12; call++) statuses.push((await guesser.get('/me')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses.slice(10)).toEqual([429, 429]);
  });
});
