/** What a call does, as the ledger and the limits name it. */
export const OPERATIONS = [
  'script_generation',
  'video_generation',
  'image_generation',
  'llm_call',
  'embedding',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** What a limit counts: model tokens, calls, money (integer nano-dollars), or one operation's own count. */
export type Unit = 'tokens' | 'calls' | 'cost' | Operation;

export const UNITS: readonly Unit[] = ['tokens', 'calls', 'cost', ...OPERATIONS];

export function isOperation(value: string): value is Operation {
  return (OPERATIONS as readonly string[]).includes(value);
}
