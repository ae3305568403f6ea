/** What a process is: a server that stays and works, or a command that comes, does one thing and goes. */
export type ProcessRole = 'server' | 'command';

/** Injection token of the ProcessRole. */
export const PROCESS_ROLE = Symbol('PROCESS_ROLE');
