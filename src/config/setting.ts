import { z } from 'zod';

/** What reads one variable's text; `undefined` means that it is not valid. */
type Read<Value> = (text: string) => Value | undefined;

export interface SettingInput<Value> {
  /** What a valid value is, for the fault: "takes …". */
  readonly takes: string;
  readonly read: Read<Value>;
  /** Its value stands in no fault. */
  readonly secret?: boolean;
}

/** One environment variable: text in, typed value out, else a fault that says what is wrong and what it takes. */
export function setting<Value>({ takes, read, secret = false }: SettingInput<Value>) {
  return z.string().transform((text, context): Value => {
    const value = read(text);
    if (value !== undefined) return value;
    const wrong = secret ? 'its value is not valid' : `${JSON.stringify(text)} is not valid`;
    context.addIssue({ code: 'custom', message: `${wrong}; it takes ${takes}` });
    return z.NEVER;
  });
}

export const wholeNumber = (least: number, most: number) =>
  setting({ takes: `a whole number from ${least} to ${most}`, read: (text) => readWhole(text, least, most) });

/** `0.5` and `20`, above 0. */
export const rate = () =>
  setting({
    takes: 'a number above 0, such as 20 or 0.5',
    read: (text) => (/^\d{1,6}(\.\d{1,6})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
  });

export const oneOf = <const Choice extends string>(...choices: readonly Choice[]) =>
  setting({
    takes: `one of ${choices.join(', ')}`,
    read: (text) => choices.find((choice) => choice === text.toLowerCase()),
  });

export const trueOrFalse = () => setting({ takes: 'true or false', read: readBoolean });

export const secretText = (leastLength: number) =>
  setting({
    takes: `at least ${leastLength} characters`,
    read: (text) => (text.length >= leastLength ? text : undefined),
    secret: true,
  });

export const anyText = () => setting({ takes: 'text', read: (text) => text });

/** A URL; its value stands in no fault, since it may hold a password. */
export const url = (example: string, ...protocols: readonly string[]) =>
  setting({
    takes: `a URL such as ${example}`,
    read: (text) => (isUrl(text, protocols) ? text : undefined),
    secret: true,
  });

/** Several, with commas between them; white space around them does not count. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function isUrl(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, protocol } = new URL(text);
  return hostname !== '' && protocols.includes(protocol);
}

export function readBoolean(text: string): boolean | undefined {
  if (text.toLowerCase() === 'true') return true;
  return text.toLowerCase() === 'false' ? false : undefined;
}

export function readWhole(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
