import { ValidationPipe, type ValidationError } from '@nestjs/common';

import { type Fault, validationFailed } from '../errors.js';

/** Bodies and queries of our own endpoints: unknown fields are a fault, and every fault is listed. */
export function strictValidation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    exceptionFactory: (errors) => validationFailed(faultsOf(errors)),
  });
}

/** Bodies on `/v1`: what we read is checked, what we do not know passes through untouched. */
export function lenientValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: false,
    exceptionFactory: (errors) => validationFailed(faultsOf(errors)),
  });
}

function faultsOf(errors: readonly ValidationError[], under = ''): Fault[] {
  return errors.flatMap((error) => {
    const path = under === '' ? error.property : `${under}.${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message }));
    return [...own, ...faultsOf(error.children ?? [], path)];
  });
}
