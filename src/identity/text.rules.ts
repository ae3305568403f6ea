import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length, Matches, MaxLength, ValidateBy, ValidateIf } from 'class-validator';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A line of text of up to `max` characters, trimmed. Control characters are refused: Postgres cannot hold a NUL. */
export function IsLine(max: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value)),
    IsString(),
    Length(1, max),
    Matches(/^\P{Cc}*$/u, { message: '$property must be one line of text without control characters' }),
  );
}

/** An email address, trimmed and in lower case: addresses are compared without case. */
export function IsAddress(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.trim().toLowerCase() : value,
    ),
    IsEmail({ require_tld: false }, { message: '$property must be an email address' }),
    MaxLength(254),
  );
}

/** ISO 8601 with a zone, or a day, which begins at midnight UTC. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: 'isInstant',
    validator: {
      validate: (value) =>
        typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value)),
      defaultMessage: () => '$property must be an instant such as 2027-01-31T00:00:00Z',
    },
  });
}

/** May be left out, but not be null. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_owner: object, value: unknown) => value !== undefined);
}
