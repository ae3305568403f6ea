import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { nextMessage, RUN_TYPESCRIPT } from './child-message.js';
import { type Figure } from './figures.js';
import { type OpenRow, type Pace, type Row } from './row.js';
import { type FromRow, type ToRow } from './row-process.js';

/** Opens a row in a process of its own: what another row keeps in memory, and collects, is no part of its figures. */
export async function openInOwnProcess({ title }: Row, pace: Pace): Promise<OpenRow> {
  const child = fork(join(__dirname, 'row-process.ts'), { execArgv: RUN_TYPESCRIPT });
  await tell(child, { kind: 'open', title, pace });
  return {
    round: () => tell(child, { kind: 'round' }),
    async close() {
      await tell(child, { kind: 'close' });
      child.kill('SIGKILL');
    },
  };
}

async function tell(child: ChildProcess, told: ToRow): Promise<Figure[]> {
  const answer = nextMessage<FromRow>(child, 'The process of a row');
  child.send(told);
  const said = await answer;
  if (said.kind === 'failed') throw new Error(said.why);
  return [...said.figures];
}
