import { CodedError } from '../../src/errors.js';

/** With which code something is refused. */
export function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'not refused';
}
