import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Stands by to clear up after a server process that nobody else will. */
export interface Undertaker {
  /** When the server was ended properly. */
  dismiss(): Promise<void>;
}

/**
 * Ends a server process and removes its folder when this process has died without doing so itself: its end of the
 * pipe closes then.
 */
export function watchOver(pid: number, folder: string): Undertaker {
  const script = 'read line; kill -QUIT "$1" 2>/dev/null; sleep 1; kill -KILL "$1" 2>/dev/null; rm -rf "$2"';
  const shell = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  return {
    dismiss: async () => {
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.kill('SIGKILL');
      await once(shell, 'close');
    },
  };
}
