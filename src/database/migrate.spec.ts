import { Client } from 'pg';
import { MIGRATIONS } from '../../migrations/index.js';
import { startPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { until } from '../../test/support/until.js';
import { migrate, serverFault } from './migrate.js';
import { waitForPostgres } from './postgres-start.js';

describe('a database at start', () => {
  let postgres: TestPostgres;
  const said: string[] = [];
  const log = { log: (line: string) => said.push(line), warn: (line: string) => said.push(line) };

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres.stop();
  });

  it('runs every migration once, though several instances start together', async () => {
    const url = await postgres.newDatabase();
    const done = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(done.flat().sort()).toEqual(MIGRATIONS.map(({ name }) => name).sort());
    expect(done.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrate(url)).toEqual([]);
  });

  it('can be taken back and made again', async () => {
    const url = await postgres.newDatabase();
    await migrate(url);
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await client.end();
    expect(await migrate(url)).toHaveLength(MIGRATIONS.length);
  });

  it('lists the migrations in the order of their time', () => {
    const times = MIGRATIONS.map(({ name }) => Number(/\d{13}$/.exec(name)?.[0]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('refuses a server older than 15', () => {
    expect(serverFault({ number: 140_011, version: '14.11' })).toMatch(
      /^DATABASE_URL is a PostgreSQL 14\.11; Cuota needs 15 or newer/,
    );
    expect(serverFault({ number: 150_000, version: '15.0' })).toBeUndefined();
  });

  it('waits for a server that comes up later, and says so once', async () => {
    await postgres.kill9();
    const waiting = waitForPostgres(postgres.url, log);
    await until('it waits', () => said.length > 0);
    await postgres.restart();
    await waiting;
    expect(said).toEqual([
      expect.stringMatching(/^Waiting for PostgreSQL at 127\.0\.0\.1:\d+\/postgres: .*ECONNREFUSED/),
    ]);
  });

  it.each([
    [
      'a wrong password',
      (url: string) => url.replace(/:[^:@]+@/, ':hidden@'),
      /cannot be used: password authentication failed/,
    ],
    [
      'a database that is not there',
      (url: string) => url.replace(/\w+$/, 'nowhere'),
      /cannot be used: database "nowhere" does not exist/,
    ],
  ])('fails at once for %s, and names no password', async (_what, broken, expected) => {
    const failing = waitForPostgres(broken(postgres.url), log);
    await expect(failing).rejects.toThrow(expected);
    await expect(failing).rejects.toThrow(/^DATABASE_URL: PostgreSQL at 127\.0\.0\.1:\d+\//);
    await expect(failing).rejects.not.toThrow('hidden');
  });
});
