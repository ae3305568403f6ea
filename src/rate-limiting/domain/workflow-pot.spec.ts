import { type Caller } from './caller.js';
import { apiKeyId, userId } from './ids.js';
import { callerOfPot, workflowPotOf } from './workflow-pot.js';

const ADA = userId('ada');

describe("a workflow's pot", () => {
  it.each<[string, Caller]>([
    ['workspace:acme:nightly', { workspaceId: 'acme', workflowId: 'nightly' }],
    ['user:ada:nightly: 7/%3A', { userId: ADA, workflowId: 'nightly: 7/%3A' }],
    ['apiKey:key:nightly', { apiKeyId: apiKeyId('key'), workflowId: 'nightly' }],
    ['workspace:a%3Ab%25:c', { workspaceId: 'a:b%', workflowId: 'c' }],
    ['workspace:%25253A:c', { workspaceId: '%253A', workflowId: 'c' }],
  ])('%s says whose it is', (pot, caller) => {
    expect(workflowPotOf(caller)).toBe(pot);
    expect(callerOfPot(pot)).toEqual(caller);
  });

  it('is of the workspace where the call names one, and of nobody where there is none', () => {
    const caller = { userId: ADA, apiKeyId: apiKeyId('key'), workspaceId: 'acme', workflowId: 'w' };
    expect(workflowPotOf(caller)).toBe('workspace:acme:w');
    expect([workflowPotOf({ userId: ADA }), workflowPotOf({ workflowId: 'w' })]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each(['nightly', 'user:', 'user::x', 'team:a:b', 'user:ada'])('is not what %s means', (id) => {
    expect(callerOfPot(id)).toBeUndefined();
  });
});
