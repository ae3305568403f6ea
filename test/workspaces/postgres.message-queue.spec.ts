import { messageQueueContract, newQueueBench, type QueueBench } from './message-queue.contract.js';

describe('the queue in PostgreSQL', () => {
  let bench: QueueBench;

  beforeAll(async () => {
    bench = await newQueueBench();
  }, 120_000);

  afterAll(() => bench.harness.stop());

  messageQueueContract(() => bench);
});
