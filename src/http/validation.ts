import { ValidationPipe, type ValidationError } from '@nestjs/common';

import { type Fault } from '../errors.js';

/** Thrown by the pipes below: what the fields of an input say of themselves. */
export class InvalidFields extends Error {
  constructor(
    readonly faults: readonly Fault[],
    /** The input as an instance of its class. */
    readonly input: unknown,
  ) {
    super('The fields of an input are not valid.');
  }
}

/** Bodies and queries of our own endpoints: unknown fields are a fault, and every fault is listed. */
export function strictValidation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: true },
    exceptionFactory,
  });
}

/** Bodies on `/v1`: what we read is checked, what we do not know passes through untouched. */
export function lenientValidation(): ValidationPipe {
  return new ValidationPipe({ transform: false, validationError: { target: true }, exceptionFactory });
}

function exceptionFactory(errors: ValidationError[]): InvalidFields {
  return new InvalidFields(faultsOf(errors), errors[0]?.target);
}

function faultsOf(errors: readonly ValidationError[], under = ''): Fault[] {
  return errors.flatMap((error) => {
    const path = under === '' ? error.property : `${under}.${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message }));
    return [...own, ...faultsOf(error.children ?? [], path)];
  });
}
