import { JwtService } from '@nestjs/jwt';

import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { ADMIN, type IdentityApp, matching, startIdentityApp, textIn } from './identity-app.js';

const PASSWORD = 'correct horse battery';

describe('login', () => {
  let postgres: TestPostgres;
  let app: IdentityApp;

  beforeAll(async () => {
    postgres = await startPostgres();
    app = await startIdentityApp({ databaseUrl: postgres.url });
  });

  afterAll(async () => {
    await app.close();
    await postgres.stop();
  });

  const register = (email: string) => app.ask('POST /auth/register', { body: { email, password: PASSWORD } });
  const login = (email: string, password = PASSWORD) =>
    app.ask('POST /auth/login', { body: { email, password } });

  it('makes a user on the plan free, and tells who one is', async () => {
    const body = { email: ' Ada@Example.com ', password: PASSWORD, name: 'Ada' };
    const registered = await app.ask('POST /auth/register', { body });
    expect(registered).toMatchObject({
      status: 201,
      body: { tokenType: 'Bearer', expiresIn: 43_200, user: { email: 'ada@example.com', planId: 'free' } },
    });
    const me = await app.ask('GET /me', { as: textIn(registered, 'accessToken') });
    expect(me).toMatchObject({
      status: 200,
      body: {
        email: 'ada@example.com',
        name: 'Ada',
        role: 'user',
        status: 'active',
        billingDay: null,
        timezone: null,
        plan: { id: 'free', monthlyTokenLimit: 100_000, monthlyCostLimitUsd: '5', requestsPerMinute: null },
      },
    });
    expect(JSON.stringify([registered, me])).not.toMatch(/password|scrypt/i);
  });

  it('gives a token for email and password, whatever the case of the address', async () => {
    await register('bob@example.com');
    const answer = await login('BOB@example.com');
    expect(answer).toMatchObject({ status: 200, body: { expiresIn: 43_200 } });
    expect(await app.ask('GET /me', { as: textIn(answer, 'accessToken') })).toMatchObject({ status: 200 });
  });

  it('refuses a second account for an address with 409, also under a race', async () => {
    const answers = await Promise.all([register('carol@example.com'), register('Carol@Example.com')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('keeps the address of the first admin for itself', async () => {
    expect(await register('admin@cuota.local')).toMatchObject({ status: 409 });
  });

  it('G12: answers a wrong password and an unknown address alike', async () => {
    await register('dora@example.com');
    const wrong = await login('dora@example.com', 'not the password');
    const unknown = await login('nobody@example.com');
    expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(unknown).toEqual(wrong);
    expect(await login('admin@cuota.local', 'anything at all')).toEqual(wrong);
  });

  it('lists every fault of a bad body', async () => {
    const body = { email: 'no address', password: 'short', extra: 1 };
    const answer = await app.ask('POST /auth/register', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    for (const path of ['email', 'password', 'extra'])
      expect(JSON.stringify(answer.body)).toContain(`"${path}"`);
    const nul = { email: 'nul@example.com', password: PASSWORD, name: 'A\u0000da' };
    expect(await app.ask('POST /auth/register', { body: nul })).toMatchObject({ status: 400 });
  });

  it('G12: holds until the token expires, and says so', async () => {
    const token = textIn(await register('eve@example.com'), 'accessToken');
    const start = app.clock.now();
    app.clock.advance(43_199_000);
    expect(await app.ask('GET /me', { as: token })).toMatchObject({ status: 200 });
    app.clock.advance(1_000);
    const late = await app.ask('GET /me', { as: token });
    app.clock.moveTo(start);
    expect(late).toMatchObject({
      status: 401,
      body: { detail: matching(/expired at 2026-11-22T00:00/) },
    });
  });

  it('G12: takes no token that somebody else signed, or nobody', async () => {
    const token = textIn(await register('fay@example.com'), 'accessToken');
    const [header = '', claims = '', signature = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const other = await new JwtService({ secret: 'another', signOptions: { issuer: 'cuota' } }).signAsync({
      sub: 'x',
    });
    const forged = [
      `${none}.${claims}.`,
      `${none}.${claims}.${signature}`,
      `${header}.e30.${signature}`,
      other,
    ];
    for (const as of forged) expect(await app.ask('GET /me', { as })).toMatchObject({ status: 401 });
  });

  it('G12: shuts a disabled user out at once, with the token of before and with the password', async () => {
    const registered = await register('gus@example.com');
    const as = textIn(registered, 'accessToken');
    expect(await app.ask('GET /me', { as })).toMatchObject({ status: 200 });
    const id = textIn(registered, 'user', 'id');
    await app.ask(`PATCH /admin/users/${id}`, { as: ADMIN, body: { status: 'disabled' } });
    const disabled = { status: 401, body: { detail: matching(/account is disabled/) } };
    expect(await app.ask('GET /me', { as })).toMatchObject(disabled);
    expect(await login('gus@example.com')).toMatchObject(disabled);
    expect(await login('gus@example.com', 'wrong')).toMatchObject({
      body: { detail: 'The email or the password is wrong.' },
    });
  });

  it('says what is wrong with a request that names no caller, or not well', async () => {
    expect(await app.ask('GET /me')).toMatchObject({
      status: 401,
      body: { code: 'unauthorized', detail: matching(/No API key or access token was sent/) },
    });
    const basic = await app.ask('GET /me', { headers: { authorization: 'Basic YTpi' } });
    expect(basic).toMatchObject({ status: 401, body: { detail: matching(/is not "Bearer/) } });
  });

  it('G12: keeps passwords as hashes only', async () => {
    await register('hal@example.com');
    const rows: unknown = await app.sql.query('SELECT * FROM app_user, audit_log');
    expect(JSON.stringify(rows)).not.toContain(PASSWORD);
  });

  it('is all that is left where AUTH_REGISTRATION is closed', async () => {
    await register('ida@example.com');
    const closed = await startIdentityApp({
      databaseUrl: postgres.url,
      env: { AUTH_REGISTRATION: 'closed' },
    });
    try {
      const body = { email: 'jo@example.com', password: PASSWORD };
      expect(await closed.ask('POST /auth/register', { body })).toMatchObject({ status: 403 });
      const ida = { email: 'ida@example.com', password: PASSWORD };
      expect(await closed.ask('POST /auth/login', { body: ida })).toMatchObject({ status: 200 });
    } finally {
      await closed.close();
    }
  });
});
