import { connect } from 'amqplib';

import { DEAD_LETTERS, queueOf } from '../../src/workspaces/queue/rabbit-topology.js';
import { describeWithRabbit, startRabbit, type TestRabbit } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

import { thousandMessages } from './killed-workers.contract.js';
import { startWorkerDeployment, type WorkerDeployment } from './killed-workers.js';
import { messageQueueContract, newQueueBench, type QueueBench } from './message-queue.contract.js';

describeWithRabbit('the queue on RabbitMQ', () => {
  let rabbit: TestRabbit;
  let bench: QueueBench;

  beforeAll(async () => {
    rabbit = await startRabbit();
    bench = await newQueueBench(rabbit.url);
    const workspace = await bench.newWorkspace();
    await until('the broker is connected', () =>
      bench.store(workspace).then(
        () => true,
        () => false,
      ),
    );
  }, 120_000);

  afterAll(async () => {
    await bench.harness.stop();
    await rabbit.stop();
  });

  /** As the broker itself counts. */
  const countIn = async (queue: string): Promise<number> => {
    const connection = await connect(rabbit.url);
    try {
      return (await (await connection.createChannel()).checkQueue(queue)).messageCount;
    } finally {
      await connection.close();
    }
  };

  const announced = async (id: string) => (await bench.messages.find(id))?.announcedAt !== null;

  messageQueueContract(() => bench);

  it('has one durable queue a workspace, and forgets a message only when it is done', async () => {
    const workspace = await bench.newWorkspace();
    const id = await bench.store(workspace);
    expect(await countIn(queueOf(workspace))).toBe(1);
    const delivery = await bench.receiver(workspace).next();
    expect(delivery?.message.id).toBe(id);
    expect(await announced(id)).toBe(true);
    await delivery?.done('ended');
    await bench.closeReceivers();
    await until('it is forgotten', async () => (await countIn(queueOf(workspace))) === 0);
  });

  it('puts what has failed for good to the dead letters', async () => {
    const workspace = await bench.newWorkspace();
    const before = await countIn(DEAD_LETTERS);
    await bench.store(workspace);
    const receiver = bench.receiver(workspace);
    const delivery = await receiver.next();
    await delivery?.done('dead');
    await until('it is there', async () => (await countIn(DEAD_LETTERS)) === before + 1);
    await bench.closeReceivers();
  });

  it('a queue that the broker refuses costs its own workspace the broker, and no other one', async () => {
    const [refused, other] = [await bench.newWorkspace(), await bench.newWorkspace()];
    const connection = await connect(rabbit.url);
    // Somebody has made it, otherwise than we would.
    await (await connection.createChannel()).assertQueue(queueOf(refused), { durable: false });
    await connection.close();
    const waiting = bench.receiver(refused).next();
    const first = await bench.store(refused, { announced: false });
    await expect(bench.queue.announce({ id: first, workspaceId: refused })).rejects.toThrow(/PRECONDITION/);
    expect((await waiting)?.message.id).toBe(first);
    const told = bench.receiver(other).next();
    const id = await bench.store(other);
    expect((await told)?.message.id).toBe(id);
    expect(await countIn(queueOf(other))).toBe(0);
    await expect(bench.queue.announce({ id: first, workspaceId: refused })).rejects.toThrow(/PRECONDITION/);
    await bench.store(other);
    expect(await announced(await bench.store(other))).toBe(true);
  });

  it('G3: a broker that dies loses nothing: its messages are found, those from meanwhile too, and it is told when it is back', async () => {
    const workspace = await bench.newWorkspace();
    const inHand = await bench.store(workspace);
    const worker = bench.receiver(workspace);
    expect((await worker.next())?.message.id).toBe(inHand);
    await worker.close();
    const before = await bench.store(workspace);
    await rabbit.kill9();
    const meanwhile = await bench.store(workspace, { announced: false });
    await expect(bench.queue.announce({ id: meanwhile, workspaceId: workspace })).rejects.toThrow();
    const receiver = bench.receiver(workspace);
    const found = [await receiver.next(), await receiver.next(), await receiver.next()];
    const ids = found.map((delivery) => delivery?.message.id);
    expect(ids.sort()).toEqual([inHand, before, meanwhile].sort());
    for (const delivery of found) {
      if (delivery) await bench.messages.end(delivery.message, 'failed');
      await delivery?.done('ended');
    }
    await bench.closeReceivers();

    const waiting = await bench.store(workspace, { announced: false });
    await rabbit.restart();
    await until('it is told of what it was not told of', () => announced(waiting), 30_000);
    // It has kept what it was not told to forget, and that of a worker that had not done it.
    expect(await countIn(queueOf(workspace))).toBe(3);
    const again = bench.receiver(workspace);
    expect((await again.next())?.message.id).toBe(waiting);
    await bench.closeReceivers();
  }, 60_000);

  describe('with processes that are killed', () => {
    let deployment: WorkerDeployment;

    beforeAll(async () => {
      deployment = await startWorkerDeployment(rabbit.url);
    }, 120_000);

    afterAll(() => deployment.stop());

    thousandMessages(() => deployment);
  });
});
