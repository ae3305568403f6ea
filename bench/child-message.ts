import { type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** What a child process of the bench is started with: it runs our TypeScript as it stands. */
export const RUN_TYPESCRIPT = ['-r', join(__dirname, '..', 'test', 'support', 'run-typescript.cjs')];

/** The next that a child process says. @throws where it ends instead. */
export function nextMessage<Said>(child: ChildProcess, who: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => {
      reject(new Error(`${who} ended with ${code}.`));
    };
    child.once('exit', onExit);
    child.once('message', (message: Said) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
