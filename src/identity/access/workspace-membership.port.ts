import { type Soon } from '../../database/index.js';
import { type UserId } from '../../rate-limiting/index.js';

/** Who knows the workspaces, and who may call in their name. */
export abstract class WorkspaceMembership {
  /** Whether the user is of that workspace. False for one that nobody knows. Called for every call that names one. */
  abstract has(workspaceId: string, user: UserId): Soon<boolean>;
}
