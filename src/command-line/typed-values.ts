import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

import { UsageFault } from './exit-codes.js';

/**
 * What was typed, by the same rules as a body of the API's.
 * @throws UsageFault that names every option that is wrong
 */
export function typedValues<Values extends object>(form: new () => Values, typed: Partial<Values>): Values {
  const values = plainToInstance(form, typed);
  const faults = validateSync(values).flatMap(({ property, constraints }) =>
    Object.values(constraints ?? {}).map((message) => spoken(message, property)),
  );
  if (faults.length > 0) throw new UsageFault(faults.join('; '));
  return values;
}

/** A rule names its property first. */
function spoken(message: string, property: string): string {
  return message.startsWith(property) ? optionOf(property) + message.slice(property.length) : message;
}

/** `apiKey` is typed as `--api-key`. */
function optionOf(property: string): string {
  return `--${property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
