import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends a server process and removes its folder when this process has died without doing so itself: its end of the
 * pipe closes then. Kill it when the server was ended properly.
 */
export function watchOver(pid: number, folder: string): ChildProcess {
  const script = 'read line; kill -QUIT "$1" 2>/dev/null; sleep 1; kill -KILL "$1" 2>/dev/null; rm -rf "$2"';
  const undertaker = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  undertaker.unref();
  return undertaker;
}
