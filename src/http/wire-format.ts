import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';

import { validationFailed } from '../errors.js';

import { lenientValidation, strictValidation } from './validation.js';

const WIRE_FORMAT = Symbol('a body in a wire format that is not ours');

/** Marks a body's class as somebody else's wire format: its unknown fields pass through. */
export function WireFormat(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(WIRE_FORMAT, true, target);
  };
}

/** Validates what comes in: strictly what is ours, leniently what is in a wire format of others. */
@Injectable()
export class RequestValidation implements PipeTransform {
  private readonly strict = strictValidation();
  private readonly lenient = lenientValidation();

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { metatype } = metadata;
    if (metadata.type === 'body') refuseOddBody(value);
    const foreign = metatype !== undefined && Reflect.getMetadata(WIRE_FORMAT, metatype) === true;
    if (!foreign) return this.strict.transform(value, metadata);
    // Checked as an instance of its class, passed on as the very object that came in. No body is one without fields.
    const body = value ?? {};
    await this.lenient.transform(body, metadata);
    return body;
  }
}

/** Deeper than any real body; what walks it later does so by recursion. */
const MOST_DEPTH = 100;

function refuseOddBody(value: unknown): void {
  if (value === null) throw validationFailed([{ path: 'body', message: 'must be a JSON object' }]);
  if (isDeeper(value, MOST_DEPTH)) {
    throw validationFailed([
      { path: 'body', message: `must not be nested deeper than ${MOST_DEPTH} levels` },
    ]);
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((part) => isDeeper(part, levels - 1));
}
