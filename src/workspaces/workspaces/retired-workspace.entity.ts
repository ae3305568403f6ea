import { Entity, PrimaryColumn } from 'typeorm';

/** An owner of a workspace that was deleted. Its ledger stays under its id, so that nobody else may take it. */
@Entity({ name: 'retired_workspaces' })
export class RetiredWorkspaceEntity {
  @PrimaryColumn({ name: 'workspace_id', type: 'text' })
  workspaceId!: string;

  @PrimaryColumn({ name: 'owner_id', type: 'text' })
  ownerId!: string;
}
