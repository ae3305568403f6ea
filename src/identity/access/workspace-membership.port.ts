import { type UserId } from '../../rate-limiting/index.js';

/** Who knows the workspaces, and who may call in their name. */
export abstract class WorkspaceMembership {
  /** Whether the user is of that workspace. False for one that nobody knows. Called for every call that names one. */
  abstract has(workspaceId: string, user: UserId): Promise<boolean>;
}

/** As long as there are no workspaces nobody is of one. */
export class NoWorkspaces extends WorkspaceMembership {
  override has(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
