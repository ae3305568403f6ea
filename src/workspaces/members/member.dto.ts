import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

import { IsAddress, IsLine, MayBeAbsent, PageView, type Shown } from '../../identity/index.js';

import { type MemberEntity, WORKSPACE_ROLES, type WorkspaceRole } from './member.entity.js';
import { HeldTo, type InputRule } from '../../input-rules.js';

const NAMES_ONE: InputRule<Pick<PutMemberDto, 'user_id' | 'email'>> = {
  reads: [],
  faultsIn: ({ user_id: id, email }) =>
    (id === undefined) === (email === undefined)
      ? [{ path: 'user_id', message: 'name the user by user_id or by email, and by one of them' }]
      : [],
};

/** Who shall be of a workspace: a user by id or by email. */
@HeldTo(NAMES_ONE)
export class PutMemberDto {
  @ApiPropertyOptional({ description: 'Of the user; or say the email.' })
  @MayBeAbsent()
  @IsLine(200)
  user_id?: string;

  @ApiPropertyOptional({ example: 'ada@example.com' })
  @MayBeAbsent()
  @IsAddress()
  email?: string;

  @ApiPropertyOptional({ enum: WORKSPACE_ROLES, default: 'member' })
  @MayBeAbsent()
  @IsIn(WORKSPACE_ROLES)
  role?: WorkspaceRole;
}

/** A user of a workspace. */
export class MemberView {
  @ApiProperty({ example: '0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10' })
  user_id!: string;

  @ApiProperty({ example: 'ada@example.com' })
  email!: string;

  @ApiProperty({ enum: WORKSPACE_ROLES })
  role!: WorkspaceRole;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: Date;
}

export class MemberPage extends PageView(MemberView) {}

/** A member who was loaded with the user. */
export function memberView({
  userId,
  user,
  role,
  createdAt,
}: Pick<MemberEntity, keyof MemberEntity>): Shown<MemberView> {
  return { user_id: userId, email: user?.email ?? '', role, created_at: createdAt };
}
