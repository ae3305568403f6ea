import { once } from 'node:events';

import { TextStream } from './text.stream.js';

/** A generator of texts, and what became of it. */
function source(count: number, failAt = Infinity) {
  const seen = { asked: 0, ended: false };
  // eslint-disable-next-line @typescript-eslint/require-await -- a store's texts come asynchronously
  async function* texts() {
    try {
      for (let index = 0; index < count; index += 1) {
        seen.asked += 1;
        if (index === failAt) throw new Error('the database went away');
        yield `${index}`.padEnd(20_000, '.');
      }
    } finally {
      seen.ended = true;
    }
  }
  return { seen, texts: texts() };
}

describe('TextStream', () => {
  it('gives every text in turn', async () => {
    const { seen, texts } = source(50);
    let read = '';
    for await (const chunk of await TextStream.open(texts)) read += String(chunk);
    expect(read).toHaveLength(50 * 20_000);
    expect(seen).toEqual({ asked: 50, ended: true });
  });

  it('asks for no more than it has room for', async () => {
    const { seen, texts } = source(1_000);
    const stream = await TextStream.open(texts);
    await once(stream, 'readable');
    expect(seen.asked).toBeLessThan(10);
    stream.destroy();
    await once(stream, 'close');
    expect(seen.ended).toBe(true);
  });

  it('ends its source when nobody ever read it', async () => {
    const { seen, texts } = source(3);
    const stream = await TextStream.open(texts);
    stream.destroy();
    await once(stream, 'close');
    expect(seen).toEqual({ asked: 1, ended: true });
  });

  it('tells a failure before the first text to the one who opens it', async () => {
    await expect(TextStream.open(source(3, 0).texts)).rejects.toThrow('the database went away');
  });

  it('breaks off when its source fails, and does not end as if it were whole', async () => {
    const { seen, texts } = source(3, 2);
    const stream = await TextStream.open(texts);
    let ended = false;
    stream.on('end', () => (ended = true));
    stream.resume();
    await expect(once(stream, 'end')).rejects.toThrow('the database went away');
    expect({ ended, source: seen.ended }).toEqual({ ended: false, source: true });
  });
});
