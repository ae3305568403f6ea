import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { type Figure } from './figures.js';
import { type OpenRow, type Pace, type Row } from './row.js';
import { type FromRow, type ToRow } from './row-process.js';

const RUN_TYPESCRIPT = join(__dirname, '..', 'test', 'support', 'run-typescript.cjs');

/** Opens a row in a process of its own: what another row keeps in memory, and collects, is no part of its figures. */
export async function openInOwnProcess({ title }: Row, pace: Pace): Promise<OpenRow> {
  const child = fork(join(__dirname, 'row-process.ts'), { execArgv: ['-r', RUN_TYPESCRIPT] });
  await tell(child, { kind: 'open', title, pace });
  return {
    round: () => tell(child, { kind: 'round' }),
    async close() {
      await tell(child, { kind: 'close' });
      child.kill('SIGKILL');
    },
  };
}

function tell(child: ChildProcess, told: ToRow): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => {
      reject(new Error(`The process of a row ended with ${code}.`));
    };
    child.once('exit', onExit);
    child.once('message', (said: FromRow) => {
      child.off('exit', onExit);
      if (said.kind === 'done') resolve([...said.figures]);
      else reject(new Error(said.why));
    });
    child.send(told);
  });
}
