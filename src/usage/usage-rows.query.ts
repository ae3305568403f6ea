import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateBy, type ValidationArguments } from 'class-validator';

import { MayBeAbsent } from '../identity/index.js';
import { type UsageKey } from '../rate-limiting/index.js';

import { keysOf } from './rows-cursor.js';
import { faultsOf, isDay } from './usage-days.js';

const MOST_ROWS = 1_000;

/** What every report of rows is asked with; a report adds its `groupBy`. */
export abstract class UsageRowsQuery {
  @ApiPropertyOptional({
    format: 'date',
    example: '2026-11-01',
    description: 'The first day; the first of the month of `to` if absent.',
  })
  @MayBeAbsent()
  @IsDay()
  from?: string;

  @ApiPropertyOptional({
    format: 'date',
    example: '2026-11-30',
    description:
      'The last day, which is part of the report; today if absent. Less than five years after `from`.',
  })
  @MayBeAbsent()
  @IsDay()
  @EndsRange()
  to?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MOST_ROWS,
    default: 100,
    description: 'Rows a page.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_ROWS)
  limit: number = 100;

  @ApiPropertyOptional({
    type: String,
    description: 'The `nextCursor` of the page before, with the same groupBy.',
  })
  @MayBeAbsent()
  @IsRowsCursor()
  cursor?: string;

  abstract groupBy: readonly UsageKey[];
}

/** A list of keys as `groupBy=user,day` or `groupBy=user&groupBy=day`; every one known, none twice. */
export function IsGroupBy(known: readonly UsageKey[]): PropertyDecorator {
  const faults = (value: unknown) => groupByFaults(value, known);
  return applyDecorators(
    ApiPropertyOptional({
      type: [String],
      enum: known,
      description: 'What the rows are of, and their order. Also as a comma-separated list.',
    }),
    Transform(({ value }: { value: unknown }) => listOf(value)),
    ValidateBy({
      name: 'isGroupBy',
      validator: {
        validate: (value) => faults(value).length === 0,
        defaultMessage: (args) => faults(args?.value).join('; '),
      },
    }),
  );
}

function listOf(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? [] : value.split(',').map((key) => key.trim());
  return Array.isArray(value) ? value.flatMap(listOf) : value;
}

function groupByFaults(value: unknown, known: readonly string[]): string[] {
  if (!Array.isArray(value)) return [`groupBy must be a list of ${known.join(', ')}`];
  const keys: unknown[] = value;
  return keys.flatMap((key, index) => {
    if (typeof key !== 'string' || !known.includes(key))
      return [`groupBy knows no ${JSON.stringify(key)}; it takes ${known.join(', ')}`];
    return keys.indexOf(key) < index ? [`groupBy names ${key} twice`] : [];
  });
}

function IsDay(): PropertyDecorator {
  return ValidateBy({
    name: 'isDay',
    validator: { validate: isDay, defaultMessage: () => '$property must be a day such as 2026-11-01' },
  });
}

/** Where both days are given, they must make a range; with one of them a report knows more (`usage-days.rule.ts`). */
function EndsRange(): PropertyDecorator {
  const faults = (args?: ValidationArguments) => {
    const { from, to } = queryOf(args);
    return isDay(from) && isDay(to) ? faultsOf({ firstDay: from, lastDay: to }) : [];
  };
  return ValidateBy({
    name: 'endsRange',
    validator: {
      validate: (_, args) => faults(args).length === 0,
      defaultMessage: (args) =>
        faults(args)
          .map(({ message }) => message)
          .join('; '),
    },
  });
}

function IsRowsCursor(): PropertyDecorator {
  return ValidateBy({
    name: 'isRowsCursor',
    validator: {
      validate: (value, args) => {
        const { groupBy } = queryOf(args);
        return typeof value === 'string' && Array.isArray(groupBy) && keysOf(value, groupBy) !== undefined;
      },
      defaultMessage: () =>
        'cursor is not one of this report: pass the nextCursor of the page before, with the same groupBy',
    },
  });
}

function queryOf(args?: ValidationArguments): Partial<UsageRowsQuery> {
  return args?.object instanceof UsageRowsQuery ? args.object : {};
}
