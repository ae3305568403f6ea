import { type ApiAnswer, type ApiClient } from '../support/api-client.js';
import { type Harness, newHarness, type TestUser } from '../support/harness.js';
import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { ended, sora } from '../generation/video-jobs.js';
import { openSession, type SessionClient } from '../sessions/session-client.js';
import { newWorkspace, publish } from '../workspaces/workspace-app.js';

const SCRIPT = { topic: 'the sea' };
const ENV = { ENCRYPTION_KEY: Buffer.from('encryption key, 32 bytes of them').toString('base64') };

/** What one user has of everything that has an id. */
interface Belongings {
  readonly user: string;
  readonly key: string;
  readonly workspace: string;
  readonly providerKey: string;
  readonly message: string;
  readonly video: string;
  readonly asset: string;
  readonly session: string;
}

/** The id that stands for a path's parameters, by how the path begins; the others are an admin's. */
const ID_OF: readonly (readonly [string, (had: Belongings) => string])[] = [
  ['/me/api-keys/', ({ key }) => key],
  ['/generations/', ({ video }) => video],
  ['/v1/videos/', ({ video }) => video],
  ['/assets/', ({ asset }) => asset],
  ['/workspaces/', ({ workspace }) => workspace],
  ['/workspace/', ({ workspace }) => workspace],
  ['/workers/', ({ workspace }) => workspace],
  ['/provider-keys/', ({ providerKey }) => providerKey],
  ['/provider-key/', ({ providerKey }) => providerKey],
  ['/messages/', ({ message }) => message],
  ['/message/', ({ message }) => message],
];
/** A body that is right, so that nothing but whose it is can be wrong. */
const BODIES: Readonly<Record<string, object>> = {
  'post /workspaces/{id}/members': { email: 'somebody@example.com' },
  'post /workers/scale/{workspaceId}': { count: 2 },
  'put /provider-keys/{id}': { rate_limit: 5 },
  'put /provider-key/update/{id}': { rate_limit: 5 },
};

/** A model is everybody's. */
const NOBODYS = '/v1/models/{id}';

interface Operation {
  readonly method: string;
  readonly path: string;
}

describe('G12: what is another’s', () => {
  let emulator: Emulator;
  let harness: Harness;
  let owner: TestUser;
  let stranger: TestUser;
  let had: Belongings;
  let session: SessionClient;
  let operations: Operation[];

  beforeAll(async () => {
    emulator = await startEmulator();
    harness = await newHarness({ upstream: true, env: { ...ENV, ...sora(emulator) } });
    [owner, stranger] = [await harness.newUser(), await harness.newUser()];
    session = await openSession(harness.url, owner.key);
    const { cuota } = (await session.heard('session.created')) as unknown as { cuota: { sessionId: string } };
    had = await belongingsOf(owner, cuota.sessionId);
    const { body } = await harness.admin.get('/openapi.json');
    operations = Object.entries<object>(body.paths)
      .filter(([path]) => path.includes('{') && !path.startsWith('/admin/') && path !== NOBODYS)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method, path })));
  }, 120_000);

  afterAll(async () => {
    await session.leave();
    await harness.stop();
    await emulator.stop();
  });

  async function belongingsOf(
    { id: user, keyId: key, api }: TestUser,
    sessionId: string,
  ): Promise<Belongings> {
    const workspace = await newWorkspace({ api });
    const added = await api.post('/provider-keys', {
      workspace_id: workspace,
      name: 'upstream',
      api_key: 'sk-own-key-of-the-owner',
      rate_limit: 100,
    });
    if (added.status !== 201) throw new Error(JSON.stringify(added.body));
    const video = (await api.post('/generate/video', { prompt: 'the sea', durationSeconds: 4 })).body.id;
    const image = (await api.post('/generate/image', { prompt: 'the sea' })).body.images[0].assetId;
    const message = await publish(api, workspace, { model: 'auto' });
    const providerKey = String(added.body.id);
    return { user, key, workspace, providerKey, message, video, asset: image, session: sessionId };
  }

  const ask = (api: ApiClient, { method, path }: Operation): Promise<ApiAnswer> => {
    const id =
      ID_OF.find(([begin]) => path.startsWith(begin))?.[1](had) ?? 'an id of no kind that is known here';
    const asked = path.replace('{userId}', had.user).replace(/\{\w+\}/, id);
    return send(api, method, asked, BODIES[`${method} ${path}`]);
  };

  it('is a 404 at every endpoint of the API document that takes an id, and nothing becomes of it', async () => {
    expect(operations.length).toBeGreaterThan(18);
    const unknown = operations.filter(({ path }) => !ID_OF.some(([begin]) => path.startsWith(begin)));
    expect(unknown).toEqual([]);
    const answers: string[] = [];
    for (const operation of operations) {
      const { status, body } = await ask(stranger.api, operation);
      const code = body.code ?? body.error?.code;
      answers.push(`${operation.method} ${operation.path}: ${status} ${code}`);
    }
    expect(answers.filter((answer) => !/: 404 (not_found|null|undefined)$/.test(answer))).toEqual([]);

    const reads = operations.filter(({ method }) => method === 'get');
    expect((await ended(harness, owner.api, had.video)).status).toBe('completed');
    for (const read of reads)
      expect([read.path, (await ask(owner.api, read)).status]).toEqual([read.path, 200]);
  });

  it('is a 404 where a call names it in a header, and costs nobody anything', async () => {
    const headers = [{ 'X-Workspace-Id': had.workspace }, { 'X-Session-Id': had.session }];
    for (const header of headers) {
      expect((await stranger.api.post('/generate/script', SCRIPT, header)).status).toBe(404);
      expect((await owner.api.post('/generate/script', SCRIPT, header)).status).toBe(200);
    }
    const { body } = await stranger.api.get('/me/usage');
    expect(body.totals).toEqual({ byOperation: [], byProvider: [] });
  });

  it('is a 404, or not there, where it is asked for in a query or a body', async () => {
    const workspace = `workspace_id=${had.workspace}`;
    for (const path of [
      `/messages?${workspace}`,
      `/provider-keys?${workspace}`,
      `/workspaces?${workspace}`,
    ]) {
      const { status, body } = await stranger.api.get(path);
      expect([path, status === 404 || (status === 200 && body.items.length === 0)]).toEqual([path, true]);
      expect([path, (await owner.api.get(path)).body.items.length]).toEqual([path, 1]);
    }
    const key = {
      workspace_id: had.workspace,
      name: 'upstream',
      api_key: 'sk-key-of-the-stranger',
      rate_limit: 100,
    };
    for (const [path, sent] of [
      ['/messages', { prompt: 'hello', workspace_id: had.workspace }],
      ['/provider-keys', key],
    ] as const)
      expect([path, (await stranger.api.post(path, sent)).status]).toEqual([path, 404]);
  });

  it('is nowhere an admin’s to see for who is none', async () => {
    const { body } = await harness.admin.get('/openapi.json');
    const admins = Object.entries<object>(body.paths).filter(([path]) => path.startsWith('/admin/'));
    expect(admins.length).toBeGreaterThan(15);
    for (const [path, methods] of admins) {
      for (const method of Object.keys(methods)) {
        const { status } = await send(stranger.api, method, path.replace(/\{\w+\}/g, had.user), {});
        expect([method, path, status]).toEqual([method, path, 403]);
      }
    }
  });
});

function send(api: ApiClient, method: string, path: string, body: object | undefined): Promise<ApiAnswer> {
  if (method === 'get') return api.get(path);
  if (method === 'delete') return api.delete(path);
  if (method === 'put') return api.put(path, body);
  return method === 'patch' ? api.patch(path, body) : api.post(path, body);
}
