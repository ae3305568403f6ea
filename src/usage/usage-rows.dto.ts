import { ApiPropertyOptional } from '@nestjs/swagger';

import { PageView } from '../identity/index.js';
import { type UsageKey, type UsageSums } from '../rate-limiting/index.js';

import { UsageSumDto } from './usage.dto.js';

const id = { type: String, nullable: true } as const;

/** The keys that were asked for, and what was used under them. */
export class UsageRowDto extends UsageSumDto implements Partial<Record<UsageKey, string | null>> {
  @ApiPropertyOptional({ ...id, description: 'An id; null where no user was charged.' })
  user?: string | null;

  @ApiPropertyOptional({ ...id, description: 'The plan that the user has now.' })
  plan?: string | null;

  @ApiPropertyOptional({ ...id, description: 'An id; null where none was used.' })
  apiKey?: string | null;

  @ApiPropertyOptional(id)
  workspace?: string | null;

  @ApiPropertyOptional(id)
  workflow?: string | null;

  @ApiPropertyOptional({ example: 'llm_call' })
  operation?: string;

  @ApiPropertyOptional({ example: 'openai' })
  provider?: string;

  @ApiPropertyOptional()
  model?: string;

  @ApiPropertyOptional({ example: '2026-11-21' })
  day?: string;

  @ApiPropertyOptional({ example: '2026-11' })
  month?: string;
}

export class UsageRowsPage extends PageView(UsageRowDto) {}

/** A row as answers show it: its keys by their names, in the order of `groupBy`, then its sums. */
export function usageRowView(sums: UsageSums, groupBy: readonly UsageKey[]): UsageRowDto {
  const { keys, ...used } = sums;
  const named = groupBy.map((key, index) => [key, shownKey(key, keys[index] ?? null)] as const);
  return { ...Object.fromEntries(named), ...used };
}

/** A key's value as answers show it: a month is `2026-11`. */
export function shownKey(key: UsageKey, value: string | null): string | null {
  return key === 'month' && value !== null ? value.slice(0, 7) : value;
}
