import { type LoggerService } from '@nestjs/common';

/** Nest tells a start that failed here; whoever started it tells it too. */
const TOLD_ELSEWHERE = 'ExceptionHandler';

/** The log of a command: warnings and errors, a line each, on stderr. stdout is for what was asked for. */
export class StderrLog implements LoggerService {
  constructor(private readonly chatty: boolean) {}

  log(message: unknown, ...rest: unknown[]): void {
    if (this.chatty) tell('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    tell('warning', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== TOLD_ELSEWHERE) tell('error', message, rest);
  }
}

/** Messages only: what is logged beside them may be anybody's. */
function tell(level: string, message: unknown, rest: readonly unknown[]): void {
  const [text] = [message, ...rest].filter((part) => typeof part === 'string');
  const cause = causeOf(message);
  const line = [text ?? 'something happened', ...(cause === undefined ? [] : [cause])].join(' ');
  process.stderr.write(`${level}: ${line.replace(/\s*\n\s*/g, ' ')}\n`);
}

function causeOf(message: unknown): string | undefined {
  if (message instanceof Error) return message.message;
  if (typeof message !== 'object' || message === null || !('err' in message)) return undefined;
  return message.err instanceof Error ? `(${message.err.message})` : undefined;
}
