import { type Unit } from '../../domain/operation.js';

/** Where a unit's numbers stand in a packed counter: never reordered, new ones go to the end; the commonest first. */
export const UNIT_ORDER = [
  'tokens',
  'calls',
  'cost',
  'llm_call',
  'image_generation',
  'script_generation',
  'video_generation',
  'embedding',
] as const satisfies readonly Unit[];

/** One letter a unit, in the text of a hold. */
const LETTERS = 'tcmlisve';

export const UNIT_INDEX: Readonly<Record<Unit, number>> = {
  tokens: 0,
  calls: 1,
  cost: 2,
  llm_call: 3,
  image_generation: 4,
  script_generation: 5,
  video_generation: 6,
  embedding: 7,
};

export function letterOf(unit: Unit): string {
  return LETTERS.charAt(UNIT_INDEX[unit]);
}

/** The unit of a letter; `undefined` where it stands for none. */
export function unitOf(letter: string): Unit | undefined {
  return UNIT_ORDER[LETTERS.indexOf(letter)];
}
