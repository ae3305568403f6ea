import { connect } from 'amqplib';
import { DataSource } from 'typeorm';

import { queueOf } from '../../src/workspaces/queue/rabbit-topology.js';
import { RetiredQueues } from '../../src/workspaces/queue/retired-queues.js';
import { describeWithRabbit, startRabbit, type TestRabbit } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

import { newQueueBench, type QueueBench } from './message-queue.contract.js';
import { newWorkspace } from './workspace-app.js';

describeWithRabbit('the queue of a workspace that was deleted', () => {
  let rabbit: TestRabbit;
  let bench: QueueBench;

  beforeAll(async () => {
    rabbit = await startRabbit();
    bench = await newQueueBench(rabbit.url);
    await untilConnected();
  }, 120_000);

  afterAll(async () => {
    await bench.harness.stop();
    await rabbit.stop();
  });

  const untilConnected = async () => {
    const workspace = await bench.newWorkspace();
    const stored = () =>
      bench.store(workspace).then(
        () => true,
        () => false,
      );
    await until('the broker is connected', stored, 30_000);
  };

  /** As the broker itself says. */
  const has = async (workspace: string): Promise<boolean> => {
    const connection = await connect(rabbit.url);
    try {
      const channel = await connection.createChannel();
      // The broker closes a channel on which a queue is asked for that is not there.
      channel.on('error', () => undefined);
      return await channel.checkQueue(queueOf(workspace)).then(
        () => true,
        () => false,
      );
    } finally {
      await connection.close();
    }
  };

  const query = (sql: string, values: unknown[] = []): Promise<unknown[]> =>
    bench.harness.app.get(DataSource, { strict: false }).manager.query(sql, values);
  const remove = async (...workspaces: string[]) => {
    for (const id of workspaces) expect((await bench.user.api.delete(`/workspaces/${id}`)).status).toBe(204);
  };
  const tenSecondsLater = () =>
    query(`UPDATE retired_workspaces SET retired_at = retired_at - interval '10 seconds'`);
  const doneWith = async (workspace: string) => {
    const left = `SELECT FROM retired_workspaces WHERE queue_deleted_at IS NULL AND workspace_id = $1`;
    return (await query(left, [workspace])).length === 0;
  };

  it('is gone when its workers have ended', async () => {
    const workspace = await bench.newWorkspace();
    await bench.store(workspace);
    const worker = bench.receiver(workspace);
    expect(await worker.next()).toBeDefined();
    await remove(workspace);
    await worker.close();
    expect(await has(workspace)).toBe(true);
    await tenSecondsLater();
    await until('it is gone', async () => !(await has(workspace)));
    // Nor is it asked for again and again.
    await until('it is done with', () => doneWith(workspace));
  }, 60_000);

  it('is deleted once more where a worker that had not heard of it has brought it back', async () => {
    const workspace = await bench.newWorkspace();
    const late = bench.receiver(workspace);
    await until('it is there', () => has(workspace));
    await remove(workspace);
    await tenSecondsLater();
    await until('it is gone', async () => !(await has(workspace)));
    await until('it is done with', () => doneWith(workspace));
    await rabbit.kill9();
    await rabbit.restart();
    await until('the worker has brought it back', () => has(workspace), 30_000);
    await late.close();
    await until('it is gone again', async () => !(await has(workspace)));
    await until('it is done with again', () => doneWith(workspace));
  }, 60_000);

  it('one that cannot be deleted holds up neither the others nor what is published, and is tried again', async () => {
    await untilConnected();
    const [stuck, next] = ['a-stuck-one', 'b-next-one'];
    for (const id of [stuck, next]) await newWorkspace(bench.user, { workspace_id: id });
    const other = await connect(rabbit.url);
    await (await other.createChannel()).assertQueue(queueOf(stuck), { exclusive: true });
    await bench.store(next);
    await remove(stuck, next);
    await tenSecondsLater();
    const refused = () =>
      bench.harness.log.some((line) => line.includes(stuck) && line.includes('could not be deleted'));
    await until('it was refused', refused);
    await until('the other is done with', () => doneWith(next));
    expect([await has(next), await doneWith(stuck)]).toEqual([false, false]);
    await bench.store(await bench.newWorkspace());
    await other.close();
    await tenSecondsLater();
    await until('it is done with too', () => doneWith(stuck));
  }, 60_000);

  it('is not deleted any more when its id is registered again', async () => {
    const workspace = await bench.newWorkspace();
    await remove(workspace);
    await newWorkspace(bench.user, { workspace_id: workspace });
    let deleted = false;
    await bench.harness.app.get(RetiredQueues, { strict: false }).delete(workspace, () => {
      deleted = true;
      return Promise.resolve();
    });
    expect(deleted).toBe(false);
  });

  it('is deleted before its id is registered again, not after', async () => {
    const workspace = await bench.newWorkspace();
    await remove(workspace);
    const order: string[] = [];
    let registered: Promise<unknown> = Promise.resolve();
    await bench.harness.app.get(RetiredQueues, { strict: false }).delete(workspace, async () => {
      registered = newWorkspace(bench.user, { workspace_id: workspace }).then(() => order.push('registered'));
      const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%retired_workspaces%'`;
      await until(
        'its registration waits',
        async () => order.length > 0 || (await query(waiting)).length > 0,
      );
      order.push('deleted');
    });
    await registered;
    expect(order).toEqual(['deleted', 'registered']);
  });
});
