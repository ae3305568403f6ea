import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A group of users who share a quota and keys at providers. */
@Entity({ name: 'workspaces' })
export class WorkspaceEntity {
  /** What `X-Workspace-Id` names: chosen by who registers it, or made. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

/** A workspace’s row as it is made and passed on. */
export type WorkspaceRow = Pick<WorkspaceEntity, keyof WorkspaceEntity>;
