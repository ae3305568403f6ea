import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.js';
import { visitEmbeddedPostgres } from './embedded-visit.js';
import { isAlive, readPostmasterFile } from './postmaster-file.js';

describe('visitEmbeddedPostgres', () => {
  let dataDir: string;
  let open: EmbeddedPostgres[];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-visit-'));
    chmodSync(dataDir, 0o755);
    open = [];
  });

  afterEach(async () => {
    for (const one of open) await one.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20 });
  });

  const log = { log: () => undefined, warn: () => undefined };
  const kept = (one: EmbeddedPostgres) => {
    open.push(one);
    return one;
  };
  const visit = async () => kept(await visitEmbeddedPostgres({ dataDir, log }));
  const serve = async () => kept(await startEmbeddedPostgres({ dataDir, log }));
  const pidNow = () => readPostmasterFile(join(dataDir, 'postgres'))?.pid;
  async function ask(url: string): Promise<unknown> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query('SELECT current_database() AS name')).rows[0];
    } finally {
      await client.end();
    }
  }

  it('starts one where none runs; the last of several visitors stops it', async () => {
    const first = await visit();
    const second = await visit();
    expect(second.url).toBe(first.url);
    const pid = pidNow();
    await first.stop();
    expect(await ask(second.url)).toEqual({ name: 'cuota' });
    await second.stop();
    expect([pidNow(), isAlive(pid ?? 0)]).toEqual([undefined, false]);
  });

  it('visits that of a running server, and leaves it to the server', async () => {
    const server = await serve();
    const visitor = await visit();
    expect(visitor.url).toBe(server.url);
    await visitor.stop();
    expect(await ask(server.url)).toEqual({ name: 'cuota' });
  });

  it('stands in no server’s way: one that starts meanwhile has it at once, and keeps it', async () => {
    const visitor = await visit();
    const server = await serve();
    expect(server.url).toBe(visitor.url);
    await visitor.stop();
    expect(await ask(server.url)).toEqual({ name: 'cuota' });
    await server.stop();
    expect(pidNow()).toBeUndefined();
  });

  it('a server that starts in the moment in which the last visitor leaves comes up', async () => {
    for (let round = 0; round < 4; round++) {
      const visitor = await visit();
      const [server] = await Promise.all([serve(), visitor.stop()]);
      expect(await ask(server.url)).toEqual({ name: 'cuota' });
      await server.stop();
    }
  }, 60_000);

  it('visitors who come and go all at once all find it', async () => {
    const come = async () => {
      const visitor = await visit();
      const answer = await ask(visitor.url);
      await visitor.stop();
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: 6 }, come));
    expect(answers).toEqual([...Array<unknown>(6).fill({ name: 'cuota' })]);
    expect(pidNow()).toBeUndefined();
  }, 60_000);
});
