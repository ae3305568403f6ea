import { type ApiClient } from '../support/api-client.js';
import { type Harness, newHarness } from '../support/harness.js';

/** Not one line. */
const REASON = 'a%0Ab';
const YESTERDAY = '2026-11-20T12:00:00Z';
const NEXT_YEAR = '2027-11-20T12:00:00Z';

/** What is asked of an endpoint, and the paths of all that is wrong with it. */
interface Faulty {
  readonly request: string;
  readonly body?: object;
  readonly paths: readonly string[];
}

const FAULTY: readonly Faulty[] = [
  { request: 'POST /admin/quotas/reset', body: { scope: 'user' }, paths: ['id', 'reason'] },
  { request: 'POST /admin/quotas/reset', body: { scope: 'all', id: 'x' }, paths: ['id', 'reason'] },
  {
    request: 'POST /admin/quotas/reset',
    body: { scope: 'nobody', colour: 1 },
    paths: ['colour', 'reason', 'scope'],
  },
  {
    request: `POST /admin/quotas/reset?reason=${REASON}`,
    body: { scope: 'workflow', reason: 'why' },
    paths: ['id', 'reason'],
  },
  {
    request: 'POST /admin/quotas/grants',
    body: { userId: 'nobody', unit: 'tokens', amount: 0, expiresAt: YESTERDAY },
    paths: ['amount', 'expiresAt', 'reason'],
  },
  {
    request: 'POST /admin/quotas/grants',
    body: { expiresAt: YESTERDAY },
    paths: ['amount', 'expiresAt', 'reason', 'unit', 'userId'],
  },
  {
    request: 'POST /admin/quotas/grants',
    body: { userId: '$user', unit: 'calls', amount: 1, expiresAt: NEXT_YEAR },
    paths: ['expiresAt', 'reason'],
  },
  {
    request: `POST /admin/users?reason=${REASON}`,
    body: { email: 'nobody', planId: 'platinum', role: 'king' },
    paths: ['email', 'planId', 'reason', 'role'],
  },
  {
    request: 'PATCH /admin/users/$user',
    body: { planId: 'platinum', billingDay: 32, timezone: 'Mars' },
    paths: ['billingDay', 'planId', 'timezone'],
  },
  { request: 'PATCH /admin/users/$user', body: { planId: 7, colour: 'red' }, paths: ['colour', 'planId'] },
  {
    request: 'POST /admin/users/$user/api-keys',
    body: { name: '', expiresAt: YESTERDAY },
    paths: ['expiresAt', 'name'],
  },
  {
    request: `POST /me/api-keys?reason=${REASON}`,
    body: { expiresAt: YESTERDAY },
    paths: ['expiresAt', 'name', 'reason'],
  },
  {
    request: 'PUT /admin/limits/api-keys/x',
    body: { rollingTokenLimit: 5, monthlyTokenLimit: -1, isActive: 'yes' },
    paths: ['isActive', 'monthlyTokenLimit', 'rollingTokenLimit'],
  },
  {
    request: `PUT /admin/limits/workspaces/x?reason=${REASON}`,
    body: { monthlyTokenLimit: 5, videoGenerationLimit: 1, enforcement: 'none' },
    paths: ['enforcement', 'monthlyTokenLimit', 'reason', 'videoGenerationLimit'],
  },
  {
    request: 'PUT /admin/limits/workflows/x',
    body: { monthlyCostLimitUsd: '1', x: 1 },
    paths: ['monthlyCostLimitUsd', 'x'],
  },
  { request: 'GET /admin/users?limit=0&cursor=x&email=7', paths: ['cursor', 'email', 'limit'] },
  { request: 'GET /admin/audit?limit=many&cursor=x&colour=red', paths: ['colour', 'cursor', 'limit'] },
  { request: 'GET /admin/plans?limit=0&cursor=x', paths: ['cursor', 'limit'] },
  { request: 'GET /admin/reports/near-limit?threshold=0&cursor=x', paths: ['cursor', 'threshold'] },
  {
    request: 'GET /admin/reports/usage?from=2027-01-01&limit=0&format=xml',
    paths: ['format', 'from', 'limit'],
  },
  { request: 'GET /admin/reports/usage?from=2026-11-03&to=2026-11-01&groupBy=x', paths: ['groupBy', 'to'] },
  { request: 'GET /me/usage/history?from=2027-01-01&limit=0', paths: ['from', 'limit'] },
  { request: 'GET /me/usage/history?from=2015-01-01&to=today&cursor=x', paths: ['cursor', 'to'] },
  { request: 'GET /me/api-keys?limit=0&cursor=x', paths: ['cursor', 'limit'] },
  {
    request: 'POST /auth/register',
    body: { name: '', more: 1 },
    paths: ['email', 'more', 'name', 'password'],
  },
  { request: 'POST /auth/login', body: { email: 'x' }, paths: ['email', 'password'] },
  { request: 'GET /workspaces?limit=0&cursor=x', paths: ['cursor', 'limit'] },
  {
    request: `POST /workspaces?reason=${REASON}`,
    body: {
      workspace_id: '',
      providers: [
        { name: 'nobody', api_key: 'short' },
        { api_key: 'sk-long-enough' },
        { name: 'openai', rate_limit: 0 },
      ],
    },
    paths: [
      'providers.0.api_key',
      'providers.0.name',
      'providers.1.name',
      'providers.2.api_key',
      'providers.2.rate_limit',
      'reason',
      'workspace_id',
    ],
  },
  {
    request: 'POST /provider-keys',
    body: { name: 'nobody', config: { model: '' } },
    paths: ['api_key', 'config.model', 'name', 'workspace_id'],
  },
  { request: 'GET /provider-keys?workspace_id=&cursor=x', paths: ['cursor', 'workspace_id'] },
  {
    request: `PUT /provider-keys/x?reason=${REASON}`,
    body: { rate_limit: 0 },
    paths: ['rate_limit', 'reason'],
  },
  { request: 'POST /workspaces/$workspace/members', body: { role: 'king' }, paths: ['role', 'user_id'] },
  { request: 'POST /workers/scale/$workspace', body: { count: 100_000, more: 1 }, paths: ['count', 'more'] },
  {
    request: 'POST /messages',
    body: { sequence_index: -1, workspace_id: '' },
    paths: ['prompt', 'sequence_index', 'workspace_id'],
  },
  { request: 'GET /messages?status=lost&cursor=x', paths: ['cursor', 'status', 'workspace_id'] },
  { request: 'POST /admin/circuit-breaker/reset', body: { reason: '', more: 1 }, paths: ['more', 'reason'] },
  { request: `DELETE /admin/limits/users/$user?reason=${REASON}`, paths: ['reason'] },
];

describe('a 400', () => {
  let harness: Harness;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    // So many requests of one caller are more than its endpoint rate lets through.
    harness = await newHarness({
      env: { RATE_LIMIT_DEFAULT_RATE: '100000', RATE_LIMIT_DEFAULT_BURST: '1000' },
    });
    ids.set('$user', (await harness.newUser()).id);
    ids.set('$workspace', String((await harness.admin.post('/workspaces', {})).body.workspace_id));
  });

  afterAll(() => harness.stop());

  it.each(FAULTY)('lists every fault: $request', async ({ request, body, paths }) => {
    const answer = await ask(
      harness.admin,
      filled(request),
      body && JSON.parse(filled(JSON.stringify(body))),
    );
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    const told = answer.body.errors.map(({ path }: { path: string }) => path);
    expect([...new Set(told)].sort()).toEqual(paths);
    expect(answer.body.errors.every(({ message }: { message: string }) => message !== '')).toBe(true);
  });

  it('of one fault is of that one, and what is right is taken', async () => {
    const plan = await harness.admin.patch(`/admin/users/${filled('$user')}`, { planId: 'platinum' });
    expect(plan.body.errors).toEqual([
      { path: 'planId', message: 'there is no plan platinum; GET /admin/plans lists them' },
    ]);
    expect((await harness.admin.patch(`/admin/users/${filled('$user')}`, { planId: 'pro' })).status).toBe(
      200,
    );
  });

  function filled(text: string): string {
    return [...ids].reduce((rest, [name, id]) => rest.replaceAll(name, id), text);
  }
});

function ask(api: ApiClient, request: string, body: object | undefined) {
  const [method = '', path = ''] = request.split(' ');
  return api.send(method, path, body);
}
