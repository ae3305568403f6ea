import { sseData } from './sse.js';

async function read(bytes: Uint8Array, size: number, max?: number): Promise<string[]> {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size)
      yield await Promise.resolve(bytes.subarray(at, at + size));
  }
  const all: string[] = [];
  for await (const data of sseData(parts(), max)) all.push(data);
  return all;
}

describe('sseData', () => {
  const text =
    ': a comment\n\nevent: x\nid: 1\ndata: {"a":"漢😀"}\n\ndata:no space\r\n\r\ndata: two\ndata: lines\n\n\n\nretry: 3\n\ndata: last';
  const expected = ['{"a":"漢😀"}', 'no space', 'two\nlines'];

  it.each([1, 2, 3, 5, 7, 1000])('reads events that come in pieces of %d bytes', async (size) => {
    expect(await read(Buffer.from(text), size)).toEqual(expected);
  });

  it('takes a last event without its blank line, but not half a line', async () => {
    expect(await read(Buffer.from('data: a\n\ndata: b\n'), 4)).toEqual(['a', 'b']);
  });

  it('stops an event without end, and reads long ones in time', async () => {
    const long = Buffer.from(`data: ${'x'.repeat(4_000_000)}\n\n`);
    expect((await read(long, 1000))[0]).toHaveLength(4_000_000);
    await expect(read(long, 1000, 100_000)).rejects.toThrow('100000 characters');
    await expect(read(Buffer.from('data: xxxxxxxxx\n'.repeat(50_000)), 1000, 100_000)).rejects.toThrow(
      'characters',
    );
  });
});
