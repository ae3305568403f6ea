import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';

import { UserEntity } from '../../identity/index.js';

/** An owner manages a workspace, its members and keys; a member calls in its name. */
export const WORKSPACE_ROLES = ['owner', 'member'] as const;
export type WorkspaceRole = (typeof WORKSPACE_ROLES)[number];

/** A user of a workspace. */
@Entity({ name: 'workspace_members' })
export class MemberEntity {
  @PrimaryColumn({ name: 'workspace_id', type: 'text' })
  workspaceId!: string;

  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @ManyToOne(() => UserEntity)
  @JoinColumn({ name: 'user_id' })
  user?: Relation<UserEntity>;

  @Column({ type: 'text' })
  role!: WorkspaceRole;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

/** A member’s row as it is made and passed on. */
export type MemberRow = Pick<MemberEntity, keyof MemberEntity>;
