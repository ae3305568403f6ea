import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import {
  type AuditLogRow,
  IsLine,
  MayBeAbsent,
  PageQuery,
  PageView,
  type Shown,
} from '../../identity/index.js';

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'user', description: 'Only changes of this kind of subject.' })
  @MayBeAbsent()
  @IsLine(50)
  subjectKind?: string;

  @ApiPropertyOptional({ description: 'Only changes of the subject with this id.' })
  @MayBeAbsent()
  @IsLine(200)
  subjectId?: string;

  @ApiPropertyOptional({ description: 'Only changes by the user with this id.' })
  @MayBeAbsent()
  @IsLine(200)
  actorId?: string;
}

export class AuditActorView {
  @ApiProperty({ type: String, nullable: true, description: 'null where no user acted, as at start.' })
  id!: string | null;

  @ApiProperty({ example: 'ada@example.com' })
  label!: string;
}

export class AuditSubjectView {
  @ApiProperty({ example: 'plan' })
  kind!: string;

  @ApiProperty({ example: 'pro' })
  id!: string;
}

/** One change. */
export class AuditEntryView {
  @ApiProperty()
  id!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  at!: Date;

  @ApiProperty({ type: AuditActorView })
  actor!: AuditActorView;

  @ApiProperty({ example: 'plan.update' })
  action!: string;

  @ApiProperty({ type: AuditSubjectView })
  subject!: AuditSubjectView;

  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'null: it was made.',
  })
  before!: object | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'null: it was removed.',
  })
  after!: object | null;
}

export class AuditPage extends PageView(AuditEntryView) {}

export function auditEntryView(row: AuditLogRow): Shown<AuditEntryView> {
  const { id, at, actorId, actorLabel, action, subjectKind, subjectId, reason, before, after } = row;
  const actor = { id: actorId, label: actorLabel };
  return { id, at, actor, action, subject: { kind: subjectKind, id: subjectId }, reason, before, after };
}
