import { type ApiKeyId, type UserId } from './ids.js';

/** Who is charged for a call. At least one of `userId` and `apiKeyId` is there when a call is metered. */
export interface Caller {
  readonly userId?: UserId;
  readonly apiKeyId?: ApiKeyId;
  readonly workspaceId?: string;
  readonly workflowId?: string;
  readonly sessionId?: string;
}

/** Whom a limit counts. */
export type SubjectKind = 'user' | 'apiKey' | 'workspace' | 'workflow' | 'session' | 'system';

export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
}
