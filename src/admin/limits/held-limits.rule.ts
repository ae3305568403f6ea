import { type Fault } from '../../errors.js';
import { type InputRule } from '../../input-rules.js';
import { type LimitedKind } from '../../rate-limiting/index.js';

import { type LimitFieldsDto } from './limit-fields.dto.js';

const MONTHLY = [
  'monthlyTokenLimit',
  'monthlyCallLimit',
  'monthlyCostLimitUsd',
  'videoGenerationLimit',
  'imageGenerationLimit',
  'scriptGenerationLimit',
] as const satisfies readonly (keyof LimitFieldsDto)[];

/** Only limits that a subject of its kind is held to: another would be kept and hold nobody, and be taken for a limit. */
export function heldBy(kind: Exclude<LimitedKind, 'user'>): InputRule<LimitFieldsDto> {
  const { fields, message } = unheldBy(kind);
  const isSet = (value: unknown) => value !== undefined && value !== null;
  return {
    reads: [],
    faultsIn: (body): Fault[] =>
      fields.filter((field) => isSet(body[field])).map((path) => ({ path, message })),
  };
}

function unheldBy(kind: Exclude<LimitedKind, 'user'>): {
  readonly fields: readonly (keyof LimitFieldsDto)[];
  readonly message: string;
} {
  if (kind === 'apiKey')
    return {
      fields: ['rollingTokenLimit'],
      message: 'an API key has no rolling limit; set monthlyTokenLimit',
    };
  return { fields: MONTHLY, message: `a ${kind} has no monthly limits; set rollingTokenLimit` };
}
