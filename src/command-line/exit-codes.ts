import { CodedError, type Fault } from '../errors.js';

/** What the command line ends with. Documented in docs/command-line.md. */
export const EXIT_CODES = { ok: 0, failure: 1, usage: 2 } as const;

/** What was typed is no command, or not a whole one. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault';
}

/** Who reads the output has seen enough: no failure. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

export function exitCodeOf(error: Error): number {
  if (error instanceof ReaderGone) return EXIT_CODES.ok;
  if (error instanceof UsageFault) return EXIT_CODES.usage;
  if (isParserError(error)) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  return EXIT_CODES.failure;
}

/** What to tell on stderr; the parser has told its own faults, and shown help that was asked for. */
export function failureLines(error: Error): string[] {
  if (error instanceof ReaderGone || isParserError(error)) return [];
  if (!(error instanceof CodedError)) return [`error: ${oneLine(error.message || error.name)}`];
  const { errors } = error.members;
  return isFaults(errors)
    ? errors.map(({ path, message }) => `error: ${path}: ${oneLine(message)}`)
    : [`error: ${oneLine(error.message)}`];
}

/** What `--json` shows of a failure. Codes are those of the API; `usage` is wrong usage, `failed` all else. */
export interface ShownFailure {
  readonly error: { readonly code: string; readonly message: string; readonly errors?: readonly Fault[] };
}

/** The failure as JSON; `undefined` where there is none to tell. */
export function failureShown(error: Error): ShownFailure | undefined {
  if (exitCodeOf(error) === EXIT_CODES.ok) return undefined;
  if (isParserError(error)) return { error: { code: 'usage', message: parserMessage(error) } };
  const message = oneLine(error.message || error.name);
  if (!(error instanceof CodedError))
    return { error: { code: error instanceof UsageFault ? 'usage' : 'failed', message } };
  const { errors } = error.members;
  return { error: { code: error.code, message, ...(isFaults(errors) && { errors }) } };
}

function parserMessage({ message }: Error): string {
  if (message === '(outputHelp)') return 'a command is missing; --help lists them';
  return oneLine(message.replace(/^error: /, ''));
}

/** An error of commander's, which is not ours to import. */
function isParserError(error: Error): error is Error & { exitCode: number } {
  if (!('code' in error) || !('exitCode' in error)) return false;
  return typeof error.code === 'string' && error.code.startsWith('commander.');
}

function isFaults(errors: unknown): errors is readonly Fault[] {
  return Array.isArray(errors) && errors.length > 0;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
