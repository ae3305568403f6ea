import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';

import { IsLine, MayBeAbsent, PageQuery, PageView, type Shown } from '../../identity/index.js';
import { WORKSPACE_ROLES, type WorkspaceRole } from '../members/member.entity.js';

import { type WorkspaceRow } from './workspace.entity.js';

const ID = /^[!-~]([ -~]{0,126}[!-~])?$/;
const ID_TAKES = '$property must be 1 to 128 printable ASCII characters, without spaces around them';

export class RegisterWorkspaceDto {
  @ApiPropertyOptional({ example: 'abc-123', description: 'A UUID is made unless said.' })
  @MayBeAbsent()
  @Matches(ID, { message: ID_TAKES })
  workspace_id?: string;

  @ApiPropertyOptional({ maxLength: 100, example: 'Acme' })
  @MayBeAbsent()
  @IsLine(100)
  name?: string;
}

export class WorkspaceQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only this one.' })
  @MayBeAbsent()
  @Matches(ID, { message: ID_TAKES })
  workspace_id?: string;
}

/** A workspace. */
export class WorkspaceView {
  @ApiProperty({ example: 'abc-123', description: 'What X-Workspace-Id names.' })
  workspace_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Acme' })
  name!: string | null;

  @ApiProperty({
    enum: WORKSPACE_ROLES,
    nullable: true,
    description: 'The caller’s; null for an admin who is no member.',
  })
  role!: WorkspaceRole | null;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: Date;
}

export class WorkspacePage extends PageView(WorkspaceView) {}

export function workspaceView(
  { id, name, createdAt }: WorkspaceRow,
  role: WorkspaceRole | null,
): Shown<WorkspaceView> {
  return { workspace_id: id, name, role, created_at: createdAt };
}
