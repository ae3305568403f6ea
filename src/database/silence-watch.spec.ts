import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { SilenceWatch, StoreSilent } from './silence-watch.js';

/** Keeps the process so busy that it cannot read its sockets. */
function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('SilenceWatch', () => {
  const watch = new SilenceWatch(200);

  it('G9: gives up on a store that says nothing', async () => {
    const since = performance.now();
    await expect(watch.guard(new Promise(() => undefined))).rejects.toThrow(StoreSilent);
    expect(performance.now() - since).toBeGreaterThanOrEqual(190);
  });

  it('does not give up while any answer comes', async () => {
    const slow = watch.guard(new Promise((resolve) => setTimeout(resolve, 600, 'slow')));
    const others = setInterval(() => void watch.guard(Promise.resolve()), 50);
    expect(await slow).toBe('slow');
    clearInterval(others);
  });

  it('does not take its own busy process for a silent store', async () => {
    const answer = watch.guard(new Promise((resolve) => setTimeout(resolve, 100, 'there')));
    blockFor(500);
    expect(await answer).toBe('there');
  });

  it('reads what has come before it gives up', async () => {
    const store = spawn('cat');
    const ask = async () => {
      store.stdin.write('?');
      await once(store.stdout, 'data');
      return 'there';
    };
    await ask();
    // A single late tick is more than this.
    const answer = new SilenceWatch(60).guard(ask());
    blockFor(300);
    expect(await answer).toBe('there');
    store.stdin.end();
    await once(store, 'close');
  });

  it('hands on an answer that came after it had been given up', async () => {
    let answer: (value: string) => void = () => undefined;
    const late = new Promise<string>((told) => {
      const given = watch.guard(new Promise<string>((resolve) => (answer = resolve)), told);
      given.catch(() => {
        answer('after all');
      });
    });
    expect(await late).toBe('after all');
  });

  describe('over one connection, where answers come in order', () => {
    const never = () => new Promise<string>(() => undefined);
    const since = (begun: number) => performance.now() - begun;

    it('G9: who asks while the store is silent does not wait as long again', async () => {
      const connection = new SilenceWatch(200);
      await expect(connection.guardInOrder(never())).rejects.toThrow(StoreSilent);
      expect(connection.silent).toBe(true);
      const begun = performance.now();
      await expect(connection.guardInOrder(never())).rejects.toThrow(StoreSilent);
      expect(since(begun)).toBeLessThan(150);
    });

    it('an answer that nobody waited for is handed on, and tells that the store lives', async () => {
      const connection = new SilenceWatch(200);
      await expect(connection.guardInOrder(never())).rejects.toThrow(StoreSilent);
      const late: string[] = [];
      const told = connection.guardInOrder(Promise.resolve('after all'), (answer) => late.push(answer));
      await expect(told).rejects.toThrow(StoreSilent);
      await new Promise(setImmediate);
      expect({ late, silent: connection.silent }).toEqual({ late: ['after all'], silent: false });
      expect(await connection.guardInOrder(Promise.resolve('there'))).toBe('there');
    });

    it('a store that says nothing for long is waited for again, once in a while', async () => {
      const connection = new SilenceWatch(50);
      await expect(connection.guardInOrder(never())).rejects.toThrow(StoreSilent);
      const begun = performance.now();
      while (connection.silent) await new Promise(setImmediate);
      expect(since(begun)).toBeLessThan(3_000);
    });
  });
});
