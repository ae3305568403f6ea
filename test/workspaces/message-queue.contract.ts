import { randomUUID } from 'node:crypto';

import { newReservationId, reservationId } from '../../src/rate-limiting/index.js';
import { MessageStore } from '../../src/workspaces/messages/message.store.js';
import { type Delivery, MessageQueue, type Receiver } from '../../src/workspaces/queue/message-queue.port.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { until } from '../support/until.js';

import { newWorkspace } from './workspace-app.js';

const LEASE_MS = 1_000;

/** A queue under test, on an application that runs no workers itself. */
export interface QueueBench {
  readonly harness: Harness;
  readonly queue: MessageQueue;
  readonly messages: MessageStore;
  readonly user: TestUser;
  /** Stores a message, and tells the queue of it unless said otherwise; its id. */
  store(workspaceId: string, options?: { readonly announced?: boolean }): Promise<string>;
  newWorkspace(): Promise<string>;
  /** A worker's end, closed when the test is over. */
  receiver(workspaceId: string, worker?: string): Receiver;
  closeReceivers(): Promise<void>;
}

/** Starts one: on RabbitMQ where an address is given. */
export async function newQueueBench(rabbitUrl?: string): Promise<QueueBench> {
  const env = { WORKERS_IN_SERVER: 'false', WORKER_LEASE_SEC: String(LEASE_MS / 1000) };
  const harness = await newHarness({
    env: { ...env, ...(rabbitUrl !== undefined && { RABBITMQ_URL: rabbitUrl }) },
  });
  const queue = harness.app.get(MessageQueue, { strict: false });
  const messages = harness.app.get(MessageStore, { strict: false });
  const user = await harness.newUser();
  const receivers: Receiver[] = [];
  return {
    ...{ harness, queue, messages, user },
    newWorkspace: () => newWorkspace(user),
    async store(workspaceId, { announced = true } = {}) {
      const id = newReservationId(harness.clock.now());
      const wish = { prompt: 'x', responseFormat: 'text' as const };
      const none = { sequenceIndex: null, htmlTag: null, traceparent: null };
      await messages.insert({ id, workspaceId, caller: {}, wish, ...none });
      if (announced) await queue.announce({ id, workspaceId });
      return id;
    },
    receiver(workspaceId, worker = randomUUID()) {
      const receiver = queue.receiver({ workspaceId, worker });
      receivers.push(receiver);
      return receiver;
    },
    async closeReceivers() {
      await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
    },
  };
}

/** What workers rely on, whichever queue it is. */
export function messageQueueContract(bench: () => QueueBench): void {
  let workspace: string;

  beforeEach(async () => {
    workspace = await bench().newWorkspace();
  });

  afterEach(() => bench().closeReceivers());

  const complete = async (delivery: Delivery): Promise<void> => {
    const { message } = delivery;
    await bench().messages.answer(message, { result: 'done' });
    await bench().messages.end(message, 'completed');
    await delivery.done('ended');
  };

  /** Works until everything has ended. @returns what each of the receivers got, in order. */
  const workAll = async (receivers: readonly Receiver[], ids: readonly string[]): Promise<string[][]> => {
    const taken = receivers.map((): string[] => []);
    const work = receivers.map(async (receiver, at) => {
      for (let got = await receiver.next(); got; got = await receiver.next()) {
        taken[at]?.push(got.message.id);
        await complete(got);
      }
    });
    await until('all have ended', async () => {
      const found = await Promise.all(ids.map((id) => bench().messages.find(id)));
      return found.every((message) => message?.stage === 'completed');
    });
    await bench().closeReceivers();
    await Promise.all(work);
    return taken;
  };

  it('brings a message to a worker that waits, which has taken it on then', async () => {
    const next = bench().receiver(workspace, 'the worker').next();
    const id = await bench().store(workspace);
    const message = (await next)?.message;
    expect(message).toMatchObject({ id, stage: 'processing', attempts: 1, claimedBy: 'the worker' });
    expect(await bench().messages.find(id)).toMatchObject({ reservationId: message?.reservationId });
  });

  it('brings what was there before the worker came', async () => {
    const id = await bench().store(workspace);
    expect((await bench().receiver(workspace).next())?.message.id).toBe(id);
  });

  it('brings each of many messages to one of several workers', async () => {
    const receivers = [1, 2, 3, 4].map(() => bench().receiver(workspace));
    const ids = await Promise.all(Array.from({ length: 60 }, () => bench().store(workspace)));
    const taken = await workAll(receivers, ids);
    expect(taken.flat().sort()).toEqual([...ids].sort());
    expect(taken.filter((some) => some.length > 0).length).toBeGreaterThan(1);
  });

  it('keeps workspaces apart', async () => {
    const other = await bench().newWorkspace();
    const [mine, theirs] = [await bench().store(workspace), await bench().store(other)];
    const [ours, others] = [bench().receiver(workspace), bench().receiver(other)];
    expect([(await ours.next())?.message.id, (await others.next())?.message.id]).toEqual([mine, theirs]);
  });

  it('told twice, a message is done once', async () => {
    const id = await bench().store(workspace);
    await bench().queue.announce({ id, workspaceId: workspace });
    const last = await bench().store(workspace);
    const taken = await workAll([bench().receiver(workspace)], [id, last]);
    expect(taken.flat().sort()).toEqual([id, last].sort());
  });

  it('told never, a message is found all the same', async () => {
    const next = bench().receiver(workspace).next();
    const id = await bench().store(workspace, { announced: false });
    expect((await next)?.message.id).toBe(id);
  });

  it('brings a message that was put back when it is due, and not before', async () => {
    const receiver = bench().receiver(workspace);
    const id = await bench().store(workspace);
    const first = await receiver.next();
    if (!first) throw new Error('Nothing came.');
    await bench().messages.putBack(first.message, 400);
    const putBackAt = performance.now();
    await first.done('later');
    const second = await receiver.next();
    expect(second?.message).toMatchObject({ id, attempts: 2 });
    expect(second?.message.reservationId).not.toBe(first.message.reservationId);
    expect(performance.now() - putBackAt).toBeGreaterThan(380);
  });

  it('G3: brings a message whose worker is silent to another, and the silent one can write nothing of it any more', async () => {
    const id = await bench().store(workspace);
    const silent = await bench().receiver(workspace).next();
    if (silent?.message.id !== id) throw new Error('It did not come.');
    const other = await bench().receiver(workspace).next();
    expect(other?.message).toMatchObject({
      id,
      attempts: 2,
      pastReservations: [silent.message.reservationId],
    });
    const { messages } = bench();
    const late = [messages.answer(silent.message, { result: 'late' }), messages.putBack(silent.message, 0)];
    expect(await Promise.all(late)).toEqual([undefined, undefined]);
    expect(await messages.end(silent.message, 'failed')).toBeUndefined();
    const runs = [silent.message.reservationId, ...(other ? [other.message.reservationId] : [])];
    // What the counters' sweeper is told of what either of them may hold.
    expect([...(await messages.fatesOf(runs, LEASE_MS)).values()].sort()).toEqual(['free', 'running']);
    if (other) await complete(other);
    expect(await messages.find(id)).toMatchObject({ stage: 'completed', result: 'done' });
    // A request that has left a message must not be made again.
    expect([...(await messages.fatesOf([reservationId(id)], LEASE_MS)).values()]).toEqual(['running']);
    expect([...(await messages.fatesOf(runs, LEASE_MS))]).toEqual([[silent.message.reservationId, 'free']]);
  });

  it('G4: what a silent run holds is free when its lease is over, though nobody takes its message', async () => {
    const id = await bench().store(workspace);
    const silent = await bench().receiver(workspace).next();
    if (silent?.message.id !== id) throw new Error('It did not come.');
    const run = silent.message.reservationId;
    const { messages } = bench();
    const fate = async (leaseMs = LEASE_MS) => (await messages.fatesOf([run], leaseMs)).get(run);
    expect(await fate()).toBe('running');
    await until('its lease is over', async () => (await fate()) === 'free');
    // A database that has started within a lease knows of nobody that they are silent.
    expect(await fate(86_400_000)).toBe('running');
    await complete(silent);
  });

  it('a worker that has ended gets nothing more, and takes nothing from the others', async () => {
    const gone = bench().receiver(workspace);
    const nothing = gone.next();
    await gone.close();
    expect(await nothing).toBeUndefined();
    const id = await bench().store(workspace);
    expect((await bench().receiver(workspace).next())?.message.id).toBe(id);
    expect(await gone.next()).toBeUndefined();
  });

  it('a message that has failed for good does not come again', async () => {
    const receiver = bench().receiver(workspace);
    const id = await bench().store(workspace);
    const first = await receiver.next();
    if (first?.message.id !== id) throw new Error('It did not come.');
    await bench().messages.end(first.message, 'failed');
    await first.done('dead');
    const last = await bench().store(workspace);
    expect((await receiver.next())?.message.id).toBe(last);
  });
}
