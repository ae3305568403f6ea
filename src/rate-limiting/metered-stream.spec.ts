import { type UsageStatus } from './domain/usage.js';
import { meterStream, type StreamSettlement } from './metered-stream.js';
import { type ReportedUsage } from './rate-limit.decorator.js';

/** Writes down how its stream ended; items are numbers of output tokens so far, 0 is none. */
class RecordingSettlement implements StreamSettlement {
  readonly ends: unknown[] = [];
  committed = Promise.resolve();

  constructor(readonly metered = true) {}

  usageOf(item: unknown): ReportedUsage | undefined {
    return typeof item === 'number' && item > 0 ? { outputTokens: item } : undefined;
  }

  async settle(reported: ReportedUsage | undefined, status: UsageStatus): Promise<void> {
    this.ends.push([status, reported?.outputTokens]);
    await this.committed;
  }

  release(): Promise<void> {
    this.ends.push('released');
    return Promise.resolve();
  }
}

async function* items(list: readonly number[], failure?: Error) {
  for (const item of list) yield await Promise.resolve(item);
  if (failure) throw failure;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const item of stream) read.push(item);
  return read;
}

describe('meterStream', () => {
  it('G11: passes every item on and settles the last count when the stream ends', async () => {
    const settlement = new RecordingSettlement();
    expect(await readAll(meterStream(items([0, 1, 5]), settlement))).toEqual([0, 1, 5]);
    expect(settlement.ends).toEqual([['settled', 5]]);
  });

  it('G3: tells the end only when the settlement is committed', async () => {
    const settlement = new RecordingSettlement();
    let commit: () => void = () => undefined;
    settlement.committed = new Promise((resolve) => (commit = resolve));
    const stream = meterStream(items([1]), settlement);
    await stream.next();
    let ended = false;
    const end = stream.next().then(() => (ended = true));
    await new Promise(setImmediate);
    expect({ settling: settlement.ends.length, ended }).toEqual({ settling: 1, ended: false });
    commit();
    await end;
    expect(ended).toBe(true);
  });

  it('G11: a stream that the client leaves costs what was sent', async () => {
    const settlement = new RecordingSettlement();
    for await (const item of meterStream(items([1, 2, 3]), settlement)) if (item === 2) break;
    expect(settlement.ends).toEqual([['settled', 2]]);
  });

  it('G11: a stream that is left before it delivered anything costs nothing', async () => {
    const settlement = new RecordingSettlement();
    await meterStream(items([1, 2]), settlement).return();
    expect(settlement.ends).toEqual(['released']);
  });

  it('G11: a stream that breaks off after output costs what was sent and says so', async () => {
    const settlement = new RecordingSettlement();
    await expect(readAll(meterStream(items([4], new Error('cut')), settlement))).rejects.toThrow('cut');
    expect(settlement.ends).toEqual([['failed_after_output', 4]]);
  });

  it('G11: a stream that breaks off before output costs nothing', async () => {
    const settlement = new RecordingSettlement();
    await expect(readAll(meterStream(items([0], new Error('cut')), settlement))).rejects.toThrow('cut');
    expect(settlement.ends).toEqual(['released']);
  });

  it('an error after the client hung up is a stream that was left, not one that failed', async () => {
    const settlement = new RecordingSettlement();
    const hangUp = new AbortController();
    const stream = meterStream(items([4], new Error('aborted')), settlement, hangUp.signal);
    await stream.next();
    hangUp.abort();
    await expect(stream.next()).rejects.toThrow('aborted');
    expect(settlement.ends).toEqual([['settled', 4]]);
  });

  it('is left at once, also while its source waits for an upstream that never answers', async () => {
    const settlement = new RecordingSettlement();
    async function* stuck() {
      yield 3;
      await new Promise(() => undefined);
    }
    const stream = meterStream(stuck(), settlement);
    await stream.next();
    void stream.next();
    await stream.return();
    expect(settlement.ends).toEqual([['settled', 3]]);
  });

  it('ends once, however it is ended', async () => {
    const settlement = new RecordingSettlement();
    const stream = meterStream(items([1]), settlement);
    await readAll(stream);
    await stream.return();
    expect(settlement.ends).toHaveLength(1);
  });

  it('takes any item as output where the method tells no usage', async () => {
    const settlement = new RecordingSettlement(false);
    for await (const item of meterStream(items([0, 0]), settlement)) if (item === 0) break;
    expect(settlement.ends).toEqual([['settled', undefined]]);
  });

  it('is read for as long as somebody waits for an item, however long its source takes', async () => {
    let give: (item: number) => void = () => undefined;
    async function* slow() {
      yield await new Promise<number>((resolve) => (give = resolve));
    }
    const stream = meterStream(slow(), new RecordingSettlement());
    const first = stream.next();
    expect([stream.isRead, stream.items]).toEqual([true, 0]);
    give(1);
    await first;
    expect([stream.isRead, stream.items]).toEqual([false, 1]);
  });
});
