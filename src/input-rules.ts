import { type Type } from '@nestjs/common';

import { type Fault } from './errors.js';

/** What must hold of an input beyond each field by itself: over several fields, or by what is stored. */
export interface InputRule<Input extends object> {
  /** The fields that must be right by themselves before there is anything to ask. */
  readonly reads: readonly string[];
  /** What is wrong with the input; none where it holds. */
  faultsIn(input: Input): readonly Fault[] | Promise<readonly Fault[]>;
}

/** A rule, or the class of one that its module provides. */
export type RuleOf<Input extends object> = InputRule<Input> | Type<InputRule<Input>>;

const RULES = new WeakMap<object, readonly RuleOf<object>[]>();

/**
 * Holds the inputs of a class to rules. They are asked where the input comes in, together with what its fields say of
 * themselves: so that a 400 lists every fault, and not those alone that were looked for first.
 */
export function HeldTo<Input extends object>(...rules: RuleOf<Input>[]): (target: Type<Input>) => void {
  return (target) => {
    RULES.set(target, rules);
  };
}

/** The rules of a class and of those that it extends. */
export function rulesOf(target: object | null): readonly RuleOf<object>[] {
  if (target === null) return [];
  const above: unknown = Object.getPrototypeOf(target);
  const inherited = typeof above === 'function' ? rulesOf(above) : [];
  return [...inherited, ...(RULES.get(target) ?? [])];
}

/** What a parameter's decorator gives for an input that it refuses: thrown from there, it would hide the request's other faults. */
export class RefusedInput {
  constructor(readonly faults: readonly Fault[]) {}
}
