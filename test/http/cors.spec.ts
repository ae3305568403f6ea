import { type Harness, newHarness } from '../support/harness.js';

const ORIGIN = 'https://app.example.com';

/** The web app's pages call from a browser, which asks first. */
describe('CORS_ORIGINS', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness({ env: { CORS_ORIGINS: ORIGIN } });
  }, 60_000);

  afterAll(() => harness.stop());

  const preflight = (path: string, method: string, origin = ORIGIN) =>
    fetch(harness.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type,idempotency-key,x-workspace-id',
      },
    });

  it.each([
    ['GET', '/me'],
    ['POST', '/generate/script'],
    ['DELETE', '/me/api-keys/some-id'],
    ['PUT', '/provider-keys/some-id'],
    ['PATCH', '/admin/users/some-id'],
  ])('lets a page of such an origin %s %s', async (method, path) => {
    const { status, headers } = await preflight(path, method);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('access-control-allow-methods')?.split(/, ?/)).toContain(method);
    expect(headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  it('lets no page of another origin', async () => {
    const { headers } = await preflight('/me', 'GET', 'https://elsewhere.example.com');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('shows the page what an answer says in its headers, and errors too', async () => {
    const answer = await fetch(`${harness.url}/me`, { headers: { origin: ORIGIN } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const shown = answer.headers.get('access-control-expose-headers')?.split(', ');
    expect(shown).toEqual(expect.arrayContaining(['X-Usage-Id', 'Retry-After', 'Location', 'Content-Range']));
  });
});
