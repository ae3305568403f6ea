import { ApiClient } from '../support/api-client.js';
import { until } from '../support/until.js';

import { type WorkerDeployment } from './killed-workers.js';
import { ended, publish } from './workspace-app.js';

/** What is seen of processes that only work at messages. */
export function toldByWorkers(deployment: () => WorkerDeployment): void {
  const metricsOf = async (url: string) => String((await new ApiClient(url).get('/metrics')).body);
  const sumOf = (text: string, series: RegExp) =>
    text
      .split('\n')
      .filter((line) => series.test(line))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);

  it('a worker with a port tells of itself: its stores, its runs and what they cost', async () => {
    const { user, workers } = deployment();
    const workspace = await deployment().newWorkspace();
    await ended(user.api, await publish(user.api, workspace));
    const texts = await Promise.all(workers.map(({ url }) => metricsOf(url)));
    expect(sumOf(texts.join('\n'), /^message_runs_total\{outcome="completed"\}/)).toBeGreaterThan(0);
    expect(sumOf(texts.join('\n'), /^api_cost_total_usd\{/)).toBeGreaterThan(0);
    for (const { url } of workers) {
      expect((await new ApiClient(url).get('/health/ready')).body).toMatchObject({ status: 'ok' });
    }
  });

  it('G12: and takes no calls', async () => {
    const worker = new ApiClient(deployment().workers[0]?.url ?? '', deployment().user.key);
    for (const path of ['/me', '/status', '/docs', '/nowhere', '/metrics/../me']) {
      expect([path, (await worker.get(path)).status]).toEqual([path, 404]);
    }
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };
    const { status, body } = await worker.post('/v1/chat/completions', chat);
    expect([status, body.error.message]).toEqual([404, expect.stringContaining('send this to a server')]);
  });

  it('workers whose processes all died are not shown as alive, though nobody has taken their places', async () => {
    const { server, user } = deployment();
    const workspace = await deployment().newWorkspace();
    const seen = async (series: RegExp) => sumOf(await metricsOf(server.url), series);
    const alive = /^workers_alive\{state="active"\}/;
    await until(
      'all that are wanted live',
      async () => (await seen(alive)) === (await seen(/^workers_wanted /)),
    );
    await Promise.all([0, 1].map((at) => deployment().kill(at)));
    await until('none is alive', async () => (await seen(alive)) === 0);
    expect(await seen(/^workers_wanted /)).toBeGreaterThan(0);
    expect((await user.api.get(`/workers/${workspace}`)).body).toMatchObject({ wanted: 1, workers: [] });
    const id = await publish(user.api, workspace);
    await until('a message waits', async () => (await seen(/^message_due_seconds /)) > 0);
    await Promise.all([0, 1].map((at) => deployment().start(at)));
    expect(await ended(user.api, id)).toMatchObject({ status: 'completed' });
  }, 60_000);
}
