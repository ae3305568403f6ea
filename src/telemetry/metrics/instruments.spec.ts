import { counter, plainCounter } from './counter.js';
import { gauge } from './gauge.js';
import { histogram } from './histogram.js';
import { readInstruments } from './instruments.js';
import { LowestSeen } from './lowest-seen.js';
import { MOST_SERIES } from './series.js';
import { textOf } from './text-format.js';

async function textOfFamily(name: string): Promise<string> {
  const families = await readInstruments();
  return textOf(families.filter((family) => family.name === name));
}

describe('instruments', () => {
  it('counts under labels, and shows what it counted as Prometheus reads it', async () => {
    const asked = counter({ name: 'asked_total', help: 'Who\nasked \\ how often.', labels: ['who'] });
    asked.add({ who: 'a "quoted" \\ name\n' });
    asked.add({ who: 'b' }, 2.5);
    asked.add({ who: 'b' });
    expect(await textOfFamily('asked_total')).toBe(
      [
        '# HELP asked_total Who\\nasked \\\\ how often.',
        '# TYPE asked_total counter',
        'asked_total{who="a \\"quoted\\" \\\\ name\\n"} 1',
        'asked_total{who="b"} 3.5',
        '',
      ].join('\n'),
    );
  });

  it('shows 0 of a counter without labels before anything was counted', async () => {
    plainCounter({ name: 'never_total', help: 'Nothing.' });
    expect(await textOfFamily('never_total')).toContain('\nnever_total 0\n');
  });

  it('puts a value into the first bucket whose bound it does not pass', async () => {
    const took = histogram({ name: 'took_seconds', help: 'How long.' }, [1, 5]);
    for (const value of [0.5, 1, 1.5, 5, 60]) took.observe({}, value);
    const lines = (await textOfFamily('took_seconds')).split('\n').slice(2, -1);
    expect(lines).toEqual([
      'took_seconds_bucket{le="1"} 2',
      'took_seconds_bucket{le="5"} 4',
      'took_seconds_bucket{le="+Inf"} 5',
      'took_seconds_sum 68',
      'took_seconds_count 5',
    ]);
  });

  it('counts what has too many labels together, so that none can fill memory', async () => {
    const wild = counter({ name: 'wild_total', help: 'A label that nobody bounded.', labels: ['id'] });
    for (let id = 0; id < MOST_SERIES + 500; id++) wild.add({ id: String(id) });
    const lines = (await textOfFamily('wild_total')).split('\n').filter((line) => line.startsWith('wild'));
    expect(lines).toHaveLength(MOST_SERIES + 1);
    expect(lines).toContain('wild_total{id="other"} 500');
  });

  it('adds up what several tell of one gauge, and leaves out who fails', async () => {
    const waiting = gauge({ name: 'waiting', help: 'Who waits.', labels: ['queue'] });
    waiting.readFrom(() => [{ labels: { queue: 'a' }, value: 2 }]);
    const stop = waiting.readFrom(() => [{ labels: { queue: 'a' }, value: 3 }]);
    waiting.readFrom(() => Promise.reject(new Error('away')));
    waiting.add({ queue: 'b' }, 4);
    waiting.add({ queue: 'b' }, -1);
    expect(await textOfFamily('waiting')).toContain('waiting{queue="a"} 5\nwaiting{queue="b"} 3\n');
    stop();
    expect(await textOfFamily('waiting')).toContain('waiting{queue="a"} 2\n');
  });

  it('refuses a second instrument of the same name', () => {
    gauge({ name: 'only_one', help: 'There is one.' });
    expect(() => gauge({ name: 'only_one', help: 'There is one.' })).toThrow('only_one');
  });
});

describe('the lowest seen', () => {
  const labels = {};
  const valueOf = async (lowest: LowestSeen) => {
    const family = await lowest.read();
    return family.type === 'histogram' ? [] : family.samples.map(({ value }) => value);
  };

  it('forgets what is older than two minutes, and shows nothing where nothing was seen', async () => {
    let now = 60_000;
    const lowest = new LowestSeen({ name: 'lowest', help: 'The lowest.' }, () => now);
    expect(await valueOf(lowest)).toEqual([]);
    lowest.note(labels, 7);
    lowest.note(labels, 9);
    now += 60_000;
    lowest.note(labels, 8);
    expect(await valueOf(lowest)).toEqual([7]);
    now += 60_000;
    expect(await valueOf(lowest)).toEqual([8]);
    now += 60_000;
    expect(await valueOf(lowest)).toEqual([]);
  });
});
