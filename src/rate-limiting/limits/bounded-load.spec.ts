import { SilenceWatch } from '../../database/index.js';

import { boundedLoad } from './bounded-load.js';

describe('boundedLoad', () => {
  const hanging = () => new Promise<never>(() => undefined);

  it.each([50, 400])(
    'G9: waits %i ms for a database that says nothing, as the deployment has it',
    async (limitMs) => {
      const since = performance.now();
      const load = boundedLoad({ silence: new SilenceWatch(limitMs) }, hanging);
      await expect(load).rejects.toMatchObject({ code: 'store_unavailable' });
      // A busy machine gets some more; a tick of the watch less is the most that its rounding takes off.
      expect(performance.now() - since).toBeGreaterThanOrEqual(limitMs - 50);
      expect(performance.now() - since).toBeLessThan(limitMs + 1_000);
    },
  );

  it('G9: does not give up while others are answered', async () => {
    const silence = new SilenceWatch(100);
    const until = performance.now() + 300;
    const load = boundedLoad({ silence }, async () => {
      while (performance.now() < until) await boundedLoad({ silence }, async () => new Promise(setImmediate));
      return 'a row';
    });
    await expect(load).resolves.toBe('a row');
  });
});
