import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { PlanView } from '../plans/plan.view.js';

import { type Role, ROLES, USER_STATUSES, type UserRow, type UserStatus } from './user.entity.js';
import { type Shown } from '../shown.js';

/** A user as the API shows one. */
export class UserView {
  @ApiProperty({ example: '0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10' })
  id!: string;

  @ApiProperty({ example: 'ada@example.com' })
  email!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Ada' })
  name!: string | null;

  @ApiProperty({ example: 'free' })
  planId!: string;

  @ApiProperty({ enum: ROLES })
  role!: Role;

  @ApiProperty({ enum: USER_STATUSES })
  status!: UserStatus;

  @ApiProperty({ type: 'integer', nullable: true, minimum: 1, maximum: 31, description: 'null is the 1st.' })
  billingDay!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'Europe/Madrid',
    description: 'null is QUOTA_TIMEZONE.',
  })
  timezone!: string | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;
}

/** Who I am, with my plan. */
export class MeView extends UserView {
  @ApiProperty({ type: PlanView })
  plan!: PlanView;

  @ApiPropertyOptional({ description: 'The API key that this call was made with.' })
  apiKeyId?: string;
}

/** A user's row without what nobody is to see. */
export function userView(user: UserRow): Shown<UserView> {
  const { id, email, name, planId, role, status, billingDay, timezone, createdAt } = user;
  return { id, email, name, planId, role, status, billingDay, timezone, createdAt };
}
