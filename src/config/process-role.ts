/**
 * What a process is: a server that stays and works, a worker that does so and answers no requests, or a command that comes,
 * does one thing and goes.
 */
export type ProcessRole = 'server' | 'worker' | 'command';

/** Injection token of the ProcessRole. */
export const PROCESS_ROLE = Symbol('PROCESS_ROLE');
