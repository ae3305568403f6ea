import { type CallContext, type CallEnding } from '../../rate-limiting/index.js';

import { type KeyEnd, RecordedRun } from './key-run.js';

const HEADERS = { 'content-type': 'application/json' };

function runWith(ending?: CallEnding) {
  const ends: KeyEnd[] = [];
  const context: CallContext = { ...(ending && { ending }) };
  const run = new RecordedRun(context, (end) => {
    ends.push(end);
    return Promise.resolve();
  });
  return { run, ends };
}

describe('RecordedRun', () => {
  it.each<[number, CallEnding | undefined, KeyEnd['state']]>([
    [200, 'charged', 'answered'],
    [202, undefined, 'answered'],
    [400, undefined, 'freed'],
    [429, undefined, 'freed'],
    [502, 'released', 'freed'],
    [500, 'charged', 'lost'],
    [503, 'charging', 'undecided'],
  ])('G10: a plain answer %d of a call that is %s leaves its key %s', async (status, ending, state) => {
    const { run, ends } = runWith(ending);
    await run.answered({ status, headers: HEADERS }, '{}');
    expect(ends.map((end) => end.state)).toEqual([state]);
  });

  it.each<[boolean, CallEnding | undefined, KeyEnd['state']]>([
    [true, 'charged', 'answered'],
    [true, 'released', 'freed'],
    [true, 'charging', 'undecided'],
    [false, 'charged', 'lost'],
    [false, 'released', 'freed'],
    [false, undefined, 'freed'],
  ])(
    'G10: a stream (complete: %s) of a call that is %s leaves its key %s',
    async (complete, ending, state) => {
      const { run, ends } = runWith(ending);
      run.record('data: 1\n\n');
      await run.streamEnded({ status: 200, headers: HEADERS }, complete);
      expect(ends.map((end) => end.state)).toEqual([state]);
    },
  );

  it('keeps a stream of exactly 1 MiB, and none that is a byte longer', async () => {
    for (const [more, state] of [
      ['', 'answered'],
      ['x', 'unkept'],
    ]) {
      const { run, ends } = runWith('charged');
      for (let kib = 0; kib < 1024; kib++) run.record('x'.repeat(1024));
      if (more) run.record(more);
      await run.streamEnded({ status: 200, headers: HEADERS }, true);
      expect(ends.map((end) => end.state)).toEqual([state]);
    }
  });

  it('ends once', async () => {
    const { run, ends } = runWith('charged');
    await run.streamEnded({ status: 200, headers: HEADERS }, true);
    await run.answered({ status: 500, headers: HEADERS }, '{}');
    expect(ends).toHaveLength(1);
  });
});
