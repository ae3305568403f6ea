import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import { Client } from 'pg';

import { readSettings } from '../../src/config/index.js';
import { createApp } from '../../src/create-app.js';
import { WebhookCourier } from '../../src/notifications/webhook.courier.js';
import { NotificationStore } from '../../src/notifications/notification.store.js';
import { ApiClient } from '../support/api-client.js';
import { type Harness, newHarness } from '../support/harness.js';
import { until } from '../support/until.js';

const SECRET = 'a secret of the webhook';

describe('notifications', () => {
  let harness: Harness;
  let server: Server;
  let status = 200;
  const got: { body: string; headers: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        got.push({ body, headers: request.headers });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    harness = await newHarness({
      env: {
        NOTIFICATION_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`,
        NOTIFICATION_WEBHOOK_SECRET: SECRET,
      },
    });
  });

  afterAll(async () => {
    await harness.stop();
    server.close();
  });

  const told = (userId: string) =>
    got.map(({ body }) => JSON.parse(body) as Record<string, unknown>).filter((one) => one.userId === userId);

  it('come at 80 % and at 100 %, once each, signed; calls at once are no matter', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 10 });
    const script = () => user.api.post('/generate/script', { topic: 'x' });
    for (let call = 0; call < 7; call++) await script();
    expect(told(user.id)).toEqual([]);
    await Promise.all([script(), script(), script()]);
    await until('both are told', () => told(user.id).length === 2);
    expect(told(user.id).map(({ limit, thresholdPercent }) => [limit, thresholdPercent])).toEqual([
      ['user.month.calls', 80],
      ['user.month.calls', 100],
    ]);
    expect((await script()).status).toBe(429);
    await harness.app.get(WebhookCourier).deliverDue();
    expect(told(user.id)).toHaveLength(2);

    const [first] = got;
    const signature = createHmac('sha256', SECRET)
      .update(`${String(first?.headers['x-cuota-timestamp'])}.${first?.body}`)
      .digest('hex');
    expect(first?.headers['x-cuota-signature']).toBe(`sha256=${signature}`);
    expect(harness.log.filter((line) => line.includes('% used')).length).toBe(2);
  });

  it('say which API key has come near a limit of its own', async () => {
    const user = await harness.newUser({});
    const path = `/admin/users/${user.id}/api-keys`;
    const { id, key } = (await harness.admin.post(path, { name: 'lent' })).body;
    await harness.admin.put(`/admin/limits/api-keys/${id}`, { monthlyCallLimit: 1 });
    await new ApiClient(harness.url, key).post('/generate/script', { topic: 'x' });
    await until('both are told', () => told(user.id).length === 2);
    expect(told(user.id)).toMatchObject([
      { limit: 'apiKey.month.calls', apiKeyId: id, thresholdPercent: 80 },
      { limit: 'apiKey.month.calls', apiKeyId: id, thresholdPercent: 100 },
    ]);
  });

  it('come of what was used while one was being noted, too', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 5 });
    const script = () => user.api.post('/generate/script', { topic: 'x' });
    const lock = new Client({ connectionString: harness.databaseUrl });
    await lock.connect();
    await lock.query('BEGIN; LOCK TABLE notification IN EXCLUSIVE MODE');
    for (let call = 0; call < 4; call++) await script();
    await until('80 % is being noted', async () => {
      const waiting = `SELECT 1 FROM pg_locks WHERE relation = 'notification'::regclass AND NOT granted`;
      return (await lock.query(waiting)).rows.length > 0;
    });
    expect((await script()).status).toBe(200);
    await lock.query('COMMIT');
    await lock.end();
    await until('both are told', () => told(user.id).length === 2);
    expect(told(user.id).map(({ thresholdPercent }) => thresholdPercent)).toEqual([80, 100]);
  });

  it('are noted by one of many instances', async () => {
    const user = await harness.newUser({ monthlyCallLimit: 1 });
    const script = (url: string) => new ApiClient(url, user.key).post('/generate/script', { topic: 'x' });
    await script(harness.url);
    await until('both are told', () => told(user.id).length === 2);
    const read = readSettings(harness.environment());
    if ('faults' in read) throw new Error(read.faults.join('\n'));
    const log: string[] = [];
    const write = (line: string) => log.push(line);
    const other = await createApp(read.settings, { clock: harness.clock, log: { write } });
    try {
      await other.listen(0, '127.0.0.1');
      const notes = jest.spyOn(other.get(NotificationStore), 'add');
      expect((await script((await other.getUrl()).replace('[::1]', '127.0.0.1'))).status).toBe(429);
      await until('it looked', () => notes.mock.calls.length === 2);
      await Promise.all(notes.mock.results.map(({ value }) => value as Promise<boolean>));
      await other.get(WebhookCourier).deliverDue();
    } finally {
      await other.close();
    }
    expect(told(user.id)).toHaveLength(2);
    expect(log.filter((line) => line.includes('% used'))).toEqual([]);
  });

  it('are sent again, with a pause, until the webhook takes them', async () => {
    status = 500;
    const user = await harness.newUser({ monthlyCallLimit: 1, enforcement: 'soft' });
    await user.api.post('/generate/script', { topic: 'x' });
    await until('both were tried', () => told(user.id).length === 2);
    const courier = harness.app.get(WebhookCourier);
    await courier.deliverDue();
    expect(told(user.id)).toHaveLength(2);
    status = 200;
    harness.clock.advance(10_000);
    await courier.deliverDue();
    expect(told(user.id)).toHaveLength(4);
    harness.clock.advance(3_600_000);
    await courier.deliverDue();
    const ids = told(user.id).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([4, 2]);
  });
});
