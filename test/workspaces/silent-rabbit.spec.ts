import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { newHarness } from '../support/harness.js';
import { until } from '../support/until.js';

import { ended, newWorkspace, publish } from './workspace-app.js';

describe('a RabbitMQ that takes connections and says nothing', () => {
  let silent: Server;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('is given up after five seconds, told of, and asked again', async () => {
    const { port } = silent.address() as AddressInfo;
    const before = sockets.size;
    const harness = await newHarness({ env: { RABBITMQ_URL: `amqp://127.0.0.1:${port}` } });
    await until('it is asked', () => sockets.size === before + 1);
    const lost = () => harness.log.some((line) => line.includes('RabbitMQ is not connected'));
    expect(lost()).toBe(false);
    await until('it is given up', lost, 8_000);
    await until('it is asked again', () => sockets.size === before + 2);
    await harness.stop();
  }, 60_000);

  it('holds up neither messages nor the stop', async () => {
    const { port } = silent.address() as AddressInfo;
    const harness = await newHarness({
      upstream: true,
      env: { RABBITMQ_URL: `amqp://127.0.0.1:${port}`, WORKER_LEASE_SEC: '1' },
    });
    const user = await harness.newUser();
    const workspace = await newWorkspace(user);
    const id = await publish(user.api, workspace);
    expect(await ended(user.api, id)).toMatchObject({ status: 'completed' });
    const askedAt = performance.now();
    await harness.stop();
    // Two seconds for the broker, and what the rest takes.
    expect(performance.now() - askedAt).toBeLessThan(4_500);
  }, 60_000);
});
