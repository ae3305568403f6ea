import { type Caller } from './caller.js';
import { apiKeyId, userId } from './ids.js';

/**
 * Ids of workflows are anybody's to choose, so two who choose the same must not share a quota. A pot is a workflow within
 * its workspace, else within its user (a shared API key where there is none): `workspace:acme:nightly`, `user:0190…:nightly`.
 */
const POT = /^(workspace|user|apiKey):([^:]+):(.+)$/s;

/** What a workflow's quota is counted under; `undefined` where the caller names none. */
export function workflowPotOf({
  workspaceId,
  userId: user,
  apiKeyId: key,
  workflowId,
}: Caller): string | undefined {
  if (workflowId === undefined) return undefined;
  if (workspaceId !== undefined) return potOf('workspace', workspaceId, workflowId);
  if (user !== undefined) return potOf('user', user, workflowId);
  return key === undefined ? undefined : potOf('apiKey', key, workflowId);
}

/** Whom a pot belongs to; `undefined` for what is only a workflow's own id. */
export function callerOfPot(id: string): Caller | undefined {
  const [, kind, escaped, workflowId] = POT.exec(id) ?? [];
  if (escaped === undefined || workflowId === undefined) return undefined;
  const owner = escaped.replaceAll('%3A', ':').replaceAll('%25', '%');
  if (kind === 'workspace') return { workspaceId: owner, workflowId };
  return kind === 'user' ? { userId: userId(owner), workflowId } : { apiKeyId: apiKeyId(owner), workflowId };
}

/** As `take-back.sql` writes it: an owner's own colons are escaped, so that no pot can pass for another's. */
function potOf(kind: 'workspace' | 'user' | 'apiKey', owner: string, workflowId: string): string {
  return `${kind}:${owner.replaceAll('%', '%25').replaceAll(':', '%3A')}:${workflowId}`;
}
