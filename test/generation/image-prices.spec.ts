import { type Harness, newHarness } from '../support/harness.js';

/** The price table of `simulated`: 0.04 USD for 1024x1024, which is its default, and 0.08 for the largest. */
describe('what images cost', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await newHarness();
  }, 60_000);

  afterAll(() => harness.stop());

  it.each([
    ['a size that is asked for', { size: '512x512' }, '0.018'],
    ['no size, as what the model made', {}, '0.04'],
    ['the size auto, as what the model made', { size: 'auto' }, '0.04'],
    ['several', { count: 3 }, '0.12'],
  ])('G14: %s', async (_what, wish, costUsd) => {
    const user = await harness.newUser();
    const { body } = await user.api.post('/generate/image', { prompt: 'the sea', ...wish });
    expect(body.usage).toMatchObject({ costUsd });
    const { totals } = (await user.api.get('/me/usage')).body;
    expect(totals.byOperation).toMatchObject([{ operation: 'image_generation', costUsd }]);
  });

  it('G1: what is left to the model is reserved as the dearest that it may become', async () => {
    const user = await harness.newUser({ monthlyCostLimitUsd: '0.05' });
    const open = await user.api.post('/generate/image', { prompt: 'the sea' });
    expect([open.status, open.body.code]).toEqual([429, 'budget_exceeded']);
    const said = await user.api.post('/v1/images/generations', { prompt: 'the sea', size: '1024x1024' });
    expect(said.status).toBe(200);
  });
});
