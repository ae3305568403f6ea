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
});
