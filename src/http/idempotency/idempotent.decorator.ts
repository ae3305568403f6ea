import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

export const IDEMPOTENT = Symbol('a route that takes an Idempotency-Key');

/** A metered route whose callers may send an `Idempotency-Key`: the same key gives the first answer again. */
export function Idempotent(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(IDEMPOTENT, true),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Runs and charges the call once: a retry with the same key and body gets the first answer again for 24 hours.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
  );
}
