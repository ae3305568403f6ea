import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { newHarness } from '../support/harness.js';

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
