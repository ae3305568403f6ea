import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import { WebhookCourier } from '../../src/notifications/webhook.courier.js';
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
