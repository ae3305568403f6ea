import { type ArgumentMetadata, type INestApplicationContext, type PipeTransform } from '@nestjs/common';

import { type Fault, validationFailed } from '../errors.js';
import { isDeeper, isRecord, MOST_DEPTH } from '../json-object.js';
import { RefusedInput, type RuleOf, rulesOf } from '../input-rules.js';
import { currentCallContext } from '../rate-limiting/index.js';
import { unstorableFields } from '../storable-text.js';

import { InvalidFields, lenientValidation, strictValidation } from './validation.js';
import { isWireFormat } from './wire-format.js';

/** An input with all that is wrong with it. */
interface Checked {
  readonly value: unknown;
  readonly faults: readonly Fault[];
}

/** What else of a request is checked: its body, its query, and what decorators of ours read of it. */
const CHECKS = new WeakMap<object, Promise<Checked>[]>();

/**
 * Validates what comes in: strictly what is ours, leniently what is in a wire format of others. A 400 names every fault
 * of the request, whichever part it is in, and whether a field shows it or a rule (`HeldTo`).
 *
 * A parameter's decorator that finds a fault gives a `RefusedInput` as the value: it is told here, with the other faults.
 */
export class RequestValidation implements PipeTransform {
  private readonly strict = strictValidation();
  private readonly lenient = lenientValidation();

  constructor(private readonly app: Pick<INestApplicationContext, 'get'>) {}

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom' && !(value instanceof RefusedInput)) return value;
    const mine = this.check(value, metadata);
    const all = noted(mine);
    const { value: checked, faults } = await mine;
    if (faults.length === 0) return checked;
    // All parts of a request are noted before the first of them is checked.
    const parts = await Promise.all(all);
    throw validationFailed(parts.flatMap((part) => part.faults));
  }

  private async check(value: unknown, metadata: ArgumentMetadata): Promise<Checked> {
    if (value instanceof RefusedInput) return { value, faults: value.faults };
    const odd = metadata.type === 'body' ? oddity(value) : [];
    if (odd.length > 0) return { value, faults: odd };
    const { value: input, faults } = await this.checkFields(value, metadata);
    const rules = metadata.metatype === undefined ? [] : rulesOf(metadata.metatype);
    if (rules.length === 0 || !isRecord(input)) return { value: input, faults };
    return { value: input, faults: [...faults, ...(await this.broken(rules, input, faults))] };
  }

  private async checkFields(value: unknown, metadata: ArgumentMetadata): Promise<Checked> {
    try {
      if (!isWireFormat(metadata.metatype))
        return storableOnly({ value: await this.strict.transform(value, metadata), faults: [] }, metadata);
      // Checked as an instance of its class, passed on as the very object that came in. No body is one without fields.
      const body = value ?? {};
      await this.lenient.transform(body, metadata);
      return { value: body, faults: [] };
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      const checked = { value: error.input, faults: error.faults };
      return isWireFormat(metadata.metatype) ? checked : storableOnly(checked, metadata);
    }
  }

  private async broken(
    rules: readonly RuleOf<object>[],
    input: object,
    known: readonly Fault[],
  ): Promise<Fault[]> {
    const wrong = new Set(known.map(({ path }) => path.split('.')[0]));
    const asked = rules
      .map((rule) => (typeof rule === 'function' ? this.app.get(rule, { strict: false }) : rule))
      .filter(({ reads }) => !reads.some((field) => wrong.has(field)));
    return (await Promise.all(asked.map(async (rule) => rule.faultsIn(input)))).flat();
  }
}

/** What is ours holds nothing that could not be stored. A field that is at fault already is not told of twice. */
function storableOnly({ value, faults }: Checked, { type }: ArgumentMetadata): Checked {
  if ((type !== 'body' && type !== 'query') || !isRecord(value)) return { value, faults };
  const known = new Set(faults.map(({ path }) => path.split('.')[0]));
  return { value, faults: [...faults, ...unstorableFields(value).filter(({ path }) => !known.has(path))] };
}

/** All checks of the request at hand, this one noted among them. */
function noted(check: Promise<Checked>): readonly Promise<Checked>[] {
  const call = currentCallContext();
  if (!call) return [check];
  const checks = CHECKS.get(call) ?? [];
  checks.push(check);
  CHECKS.set(call, checks);
  return checks;
}

function oddity(value: unknown): Fault[] {
  if (value === null) return [{ path: 'body', message: 'must be a JSON object' }];
  if (!isDeeper(value, MOST_DEPTH)) return [];
  return [{ path: 'body', message: `must not be nested deeper than ${MOST_DEPTH} levels` }];
}
