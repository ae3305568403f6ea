import { type UsageSums } from '../rate-limiting/index.js';

import { usageCsv } from './usage-csv.js';

const sums = { calls: 1, inputTokens: 2, outputTokens: 3, totalTokens: 5, costUsd: '0.25' };

// eslint-disable-next-line @typescript-eslint/require-await -- a store's batches come asynchronously
async function* batchesOf(...batches: UsageSums[][]) {
  yield* batches;
}

async function csv(...batches: UsageSums[][]): Promise<string> {
  let text = '';
  for await (const part of usageCsv(['workflow', 'month'], batchesOf(...batches))) text += part;
  return text;
}

const HEADER = 'workflow,month,calls,inputTokens,outputTokens,totalTokens,costUsd\r\n';

describe('usage as CSV', () => {
  it('has a header, also without a row', async () => {
    await expect(csv()).resolves.toBe(HEADER);
  });

  it('has one line a row, over all batches', async () => {
    const row = (workflow: string | null) => ({ keys: [workflow, '2026-11-01'], ...sums });
    await expect(csv([row('a'), row('b')], [row(null)])).resolves.toBe(
      `${HEADER}a,2026-11,1,2,3,5,0.25\r\nb,2026-11,1,2,3,5,0.25\r\n,2026-11,1,2,3,5,0.25\r\n`,
    );
  });

  it.each([
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['=SUM(A1)', "'=SUM(A1)"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@cmd', "'@cmd"],
    ['\tx', "'\tx"],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ['plain-name=1', 'plain-name=1'],
  ])('writes %j as %s', async (workflow, written) => {
    const text = await csv([{ keys: [workflow, '2026-11-01'], ...sums }]);
    expect(text).toBe(`${HEADER}${written},2026-11,1,2,3,5,0.25\r\n`);
  });
});
