import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

import { CodedError, type Fault, validationFailed } from '../../errors.js';
import { type CallContext, currentCallContext } from '../../rate-limiting/index.js';

import { type CallerRequest } from './caller-request.js';
import { WorkspaceMembership } from './workspace-membership.port.js';

const WORKSPACE = 'X-Workspace-Id';
const WORKFLOW = 'X-Workflow-Id';
const ID = /^[\x20-\x7e]{1,128}$/;

/**
 * Charges a call to the workspace and the workflow that its headers name. A workflow needs nobody's leave: it is an id
 * within the workspace, or else within the user. Runs after AccessGuard, since only who is known is of a workspace.
 */
@Injectable()
export class AttributionGuard implements CanActivate {
  constructor(private readonly memberships: WorkspaceMembership) {}

  /** @throws CodedError `validation_failed` for what is no id, `not_found` for a workspace that is not the caller's. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<CallerRequest>();
    const workspaceId = request.headers['x-workspace-id'];
    const workflowId = request.headers['x-workflow-id'];
    if (workspaceId === undefined && workflowId === undefined) return true;
    const call = currentCallContext();
    if (!request.principal || !call) return true;
    return this.attribute(call, request.principal.userId, { workspaceId, workflowId });
  }

  private async attribute(
    call: CallContext,
    user: Parameters<WorkspaceMembership['has']>[1],
    named: Record<'workspaceId' | 'workflowId', string | string[] | undefined>,
  ): Promise<true> {
    const workspaceId = idOf(WORKSPACE, named.workspaceId);
    const workflowId = idOf(WORKFLOW, named.workflowId);
    const faults = [workspaceId, workflowId].filter((id) => typeof id === 'object');
    if (faults.length > 0) throw validationFailed(faults);
    if (typeof workspaceId === 'string' && !(await this.memberships.has(workspaceId, user)))
      throw new CodedError('not_found', `There is no workspace ${workspaceId} of yours. Check ${WORKSPACE}.`);
    call.caller = {
      ...call.caller,
      ...(typeof workspaceId === 'string' ? { workspaceId } : {}),
      ...(typeof workflowId === 'string' ? { workflowId } : {}),
    };
    return true;
  }
}

function idOf(header: string, value: string | string[] | undefined): string | Fault | undefined {
  if (value === undefined || (typeof value === 'string' && ID.test(value))) return value;
  return { path: header, message: 'must be 1 to 128 printable ASCII characters' };
}
