import { type Unit } from '../../domain/operation.js';

/** Short field names keep a counter's hash in Redis's compact encoding. Upper case is what is reserved. */
export const UNIT_LETTER = {
  tokens: 't',
  calls: 'c',
  cost: 'm',
  script_generation: 's',
  video_generation: 'v',
  image_generation: 'i',
  llm_call: 'l',
  embedding: 'e',
} as const satisfies Record<Unit, string>;

const UNIT_OF = new Map<string, Unit>(
  (Object.keys(UNIT_LETTER) as Unit[]).map((unit) => [UNIT_LETTER[unit], unit]),
);

export const ALL_LETTERS = [...UNIT_OF.keys()].join(' ');

/** The unit of a letter; `undefined` for a field that counts none. */
export function unitOf(letter: string): Unit | undefined {
  return UNIT_OF.get(letter.toLowerCase());
}
