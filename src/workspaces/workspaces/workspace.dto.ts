import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsObject, Matches, ValidateNested } from 'class-validator';

import { IsLine, MayBeAbsent, PageQuery, PageView, type Shown } from '../../identity/index.js';
import { WORKSPACE_ROLES, type WorkspaceRole } from '../members/member.entity.js';

import { NewProviderKeyDto, ProviderKeyView, providerKeyView } from '../keys/provider-key.dto.js';
import { type ProviderKeyRow } from '../keys/provider-key.entity.js';
import { type WorkspaceRow } from './workspace.entity.js';
import { HeldTo } from '../../input-rules.js';
import { KnownProviders } from '../keys/known-provider.rule.js';

const ID = /^[!-~]([ -~]{0,126}[!-~])?$/;
const ID_TAKES = '$property must be 1 to 128 printable ASCII characters, without spaces around them';

@HeldTo(KnownProviders)
export class RegisterWorkspaceDto {
  @ApiPropertyOptional({ example: 'abc-123', description: 'A UUID is made unless said.' })
  @MayBeAbsent()
  @Matches(ID, { message: ID_TAKES })
  workspace_id?: string;

  @ApiPropertyOptional({ maxLength: 100, example: 'Acme' })
  @MayBeAbsent()
  @IsLine(100)
  name?: string;

  @ApiPropertyOptional({ type: [NewProviderKeyDto], description: 'Its own keys at providers.' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(50)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => NewProviderKeyDto)
  providers?: NewProviderKeyDto[];
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

export class WorkspaceDetailsView extends WorkspaceView {
  @ApiProperty({ type: [ProviderKeyView] })
  providers!: ProviderKeyView[];
}

export class WorkspacePage extends PageView(WorkspaceDetailsView) {}

export function workspaceView(
  { id, name, createdAt }: WorkspaceRow,
  role: WorkspaceRole | null,
  keys: readonly ProviderKeyRow[],
): Shown<WorkspaceDetailsView> {
  return { workspace_id: id, name, role, created_at: createdAt, providers: keys.map(providerKeyView) };
}
