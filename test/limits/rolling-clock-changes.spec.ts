import { addDays, startOfDay } from '../../src/rate-limiting/domain/period.js';
import { newHarness } from '../support/harness.js';

const NIGHTLY = { 'X-Workflow-Id': 'nightly' };

describe('a rolling quota where the clocks change', () => {
  it.each([
    ['Europe/Madrid', '2027-03-28'],
    ['Europe/Madrid', '2027-10-31'],
    // Midnight itself does not exist there on that day.
    ['America/Santiago', '2027-09-05'],
  ])('G6: turns at the local midnight in %s, on %s', async (zone, day) => {
    const harness = await newHarness({
      env: { QUOTA_TIMEZONE: zone, QUOTA_WINDOW_DAYS: '1', QUOTA_ENFORCEMENT: 'hard' },
    });
    try {
      const user = await harness.newUser();
      const call = () => user.api.post('/generate/script', { topic: 'sea' }, NIGHTLY);
      harness.clock.moveTo(startOfDay(day, zone));
      expect((await call()).status).toBe(200);
      await harness.admin.put('/admin/limits/workflows/nightly', { rollingTokenLimit: 1 });
      const back = startOfDay(addDays(day, 1), zone);
      expect((await call()).body.limits).toMatchObject([{ resetAt: new Date(back).toISOString() }]);
      const used = async () =>
        (await user.api.get('/me/usage', NIGHTLY)).body.limits.find(
          (one: { name: string }) => one.name === 'workflow.rolling.tokens',
        ).used;
      harness.clock.moveTo(back - 1);
      expect(await used()).toBeGreaterThan(0);
      harness.clock.moveTo(back);
      expect(await used()).toBe(0);
    } finally {
      await harness.stop();
    }
  });
});
