import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min, ValidateBy } from 'class-validator';

import {
  IsAddress,
  IsLine,
  MayBeAbsent,
  PageQuery,
  PageView,
  PlanExists,
  type Role,
  ROLES,
  USER_STATUSES,
  type UserStatus,
  UserView,
} from '../../identity/index.js';
import { isTimeZone } from '../../rate-limiting/index.js';
import { HeldTo } from '../../input-rules.js';

export class UsersQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only the user with this address; compared without case.' })
  @MayBeAbsent()
  @IsAddress()
  email?: string;
}

@HeldTo(PlanExists)
export class CreateUserDto {
  @ApiProperty({ example: 'ada@example.com' })
  @IsAddress()
  email!: string;

  @ApiPropertyOptional({ minLength: 8, maxLength: 200, description: 'Without one: API keys only.' })
  @MayBeAbsent()
  @IsString()
  @Length(8, 200)
  password?: string;

  @ApiPropertyOptional({ maxLength: 200, example: 'Ada' })
  @MayBeAbsent()
  @IsLine(200)
  name?: string;

  @ApiPropertyOptional({ default: 'free' })
  @MayBeAbsent()
  @IsLine(64)
  planId?: string;

  @ApiPropertyOptional({ enum: ROLES, default: 'user' })
  @MayBeAbsent()
  @IsIn(ROLES)
  role?: Role;
}

@HeldTo(PlanExists)
export class PatchUserDto {
  @ApiPropertyOptional({ example: 'pro' })
  @MayBeAbsent()
  @IsLine(64)
  planId?: string;

  @ApiPropertyOptional({ enum: ROLES })
  @MayBeAbsent()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({
    enum: USER_STATUSES,
    description: 'disabled: every key and token is refused at once.',
  })
  @MayBeAbsent()
  @IsIn(USER_STATUSES)
  status?: UserStatus;

  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: 31,
    description: 'On which the month begins; the last day of a month that is shorter. null is the 1st.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(31)
  billingDay?: number | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'Europe/Madrid',
    description: 'null is QUOTA_TIMEZONE.',
  })
  @IsOptional()
  @IsZone()
  timezone?: string | null;
}

export class UserPage extends PageView(UserView) {}

function IsZone(): PropertyDecorator {
  return ValidateBy({
    name: 'isZone',
    validator: {
      validate: (value) => typeof value === 'string' && isTimeZone(value),
      defaultMessage: () => '$property must be an IANA time zone such as Europe/Madrid',
    },
  });
}
