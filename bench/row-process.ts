import { type Figure } from './figures.js';
import { type OpenRow, type Pace } from './row.js';
import { ROWS } from './rows/index.js';

/** What a row is told: `open` first, `close` last. */
export type ToRow =
  | { readonly kind: 'open'; readonly title: string; readonly pace: Pace }
  | { readonly kind: 'round' }
  | { readonly kind: 'close' };

/** What it answers, once each. */
export type FromRow =
  | { readonly kind: 'done'; readonly figures: readonly Figure[] }
  | { readonly kind: 'failed'; readonly why: string };

let running: OpenRow | undefined;

async function doAs(told: ToRow): Promise<readonly Figure[]> {
  if (told.kind === 'open') {
    running = await ROWS.find(({ title }) => title === told.title)?.open(told.pace);
    return [];
  }
  if (told.kind === 'round') return (await running?.round()) ?? [];
  await running?.close();
  return [];
}

function answer(said: FromRow): void {
  process.send?.(said);
}

process.on('message', (told: ToRow) => {
  doAs(told).then(
    (figures) => {
      answer({ kind: 'done', figures });
    },
    (error: unknown) => {
      answer({
        kind: 'failed',
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    },
  );
});
