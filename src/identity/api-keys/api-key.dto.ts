import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';

import { HeldTo } from '../../input-rules.js';
import { ExpiresLater } from '../expires-later.rule.js';
import { PageView } from '../page.js';
import { IsInstant, IsLine } from '../text.rules.js';

import { type ApiKeyRow } from './api-key.entity.js';
import { type CreatedKey } from './api-keys.service.js';
import { type Shown } from '../shown.js';

@HeldTo(ExpiresLater)
export class CreateApiKeyDto {
  @ApiProperty({ maxLength: 100, example: 'staging' })
  @IsLine(100)
  name!: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Never, unless said.',
  })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;
}

/** An API key without the key. */
export class ApiKeyView {
  @ApiProperty({ example: '0193a5b0-7c11-7a66-b4f5-0d2a3d1c9e10' })
  id!: string;

  @ApiProperty({ example: 'staging' })
  name!: string;

  @ApiProperty({ example: 'cuota_AbCd1234…', description: 'The key’s beginning.' })
  prefix!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  lastUsedAt!: Date | null;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;
}

export class CreatedApiKeyView extends ApiKeyView {
  @ApiProperty({ example: 'cuota_…', description: 'The key itself. It is shown this once.' })
  key!: string;
}

export class ApiKeyPage extends PageView(ApiKeyView) {}

/** A key's row without its hash. */
export function apiKeyView(row: ApiKeyRow): Shown<ApiKeyView> {
  const { id, name, prefix, expiresAt, revokedAt, lastUsedAt, createdAt } = row;
  return { id, name, prefix, expiresAt, revokedAt, lastUsedAt, createdAt };
}

export function createdApiKeyView({ row, key }: CreatedKey): Shown<CreatedApiKeyView> {
  return { ...apiKeyView(row), key };
}

/** When a key asked for so ends; `undefined`: never. */
export function expiryOf({ expiresAt }: CreateApiKeyDto): Date | undefined {
  return typeof expiresAt === 'string' ? new Date(expiresAt) : undefined;
}
