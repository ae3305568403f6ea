import { userInfo } from 'node:os';

import { type Actor } from '../identity/index.js';

/** Who acts on the command line: no user of Cuota's, but one of the machine's. */
export function commandActor(): Actor {
  return { id: null, label: `cli:${osUser()}` };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have a number and no name.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
