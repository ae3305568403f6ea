import { describeWithRedis } from '../support/redis.js';

import { endedProcesses, thousandMessages } from './killed-workers.contract.js';
import { toldByWorkers } from './told-by-workers.contract.js';
import { startWorkerDeployment, type WorkerDeployment } from './killed-workers.js';

describeWithRedis('workers whose processes are killed, on the queue in PostgreSQL', () => {
  let deployment: WorkerDeployment;

  beforeAll(async () => {
    deployment = await startWorkerDeployment();
  }, 120_000);

  afterAll(() => deployment.stop());

  endedProcesses(() => deployment);
  toldByWorkers(() => deployment);
  thousandMessages(() => deployment);
});
