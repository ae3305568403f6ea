import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';

/** One fault of an input. */
export class FaultView {
  @ApiProperty({ example: 'email' })
  path!: string;

  @ApiProperty({ example: 'must be an email address' })
  message!: string;
}

/** An error as RFC 9457 has it. */
export class ProblemView {
  @ApiProperty({ example: 'urn:cuota:problem:not_found' })
  type!: string;

  @ApiProperty({ example: 'Not found' })
  title!: string;

  @ApiProperty({ example: 404 })
  status!: number;

  @ApiProperty({ description: 'What was wrong, where, and what to do.' })
  detail!: string;

  @ApiPropertyOptional()
  instance?: string;

  @ApiProperty({ example: 'not_found' })
  code!: string;

  @ApiPropertyOptional({ type: [FaultView], description: 'Of a 400: every fault.' })
  errors?: FaultView[];
}

const MEANINGS = {
  400: 'The input is not valid; every fault is listed (validation_failed).',
  401: 'No credential, or one that is unknown, expired, revoked, or of a disabled user (unauthorized).',
  403: 'Not for this caller (forbidden).',
  404: 'There is no such thing, or it is another’s (not_found).',
  409: 'It cannot be done as things are (conflict).',
  416: 'The part lies behind the end (range_not_satisfiable); Content-Range says how long the file is.',
  429: 'Called too often (rate_limit_exceeded); see Retry-After.',
  503: 'The database cannot be reached (store_unavailable); see Retry-After.',
} as const;

export type ProblemStatus = keyof typeof MEANINGS;

/** Documents the errors of an endpoint; 429 and 503 are met everywhere. */
export function ApiProblems(...statuses: ProblemStatus[]): MethodDecorator & ClassDecorator {
  const schema = { $ref: getSchemaPath(ProblemView) };
  const all: ProblemStatus[] = [...statuses, 429, 503];
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...all.map((status) =>
      ApiResponse({
        status,
        description: MEANINGS[status],
        content: { 'application/problem+json': { schema } },
      }),
    ),
  );
}
