import { type CallEstimate } from '../rate-limiting/index.js';

import { dearestOf } from './dearest-estimate.js';

const CHEAP: CallEstimate = {
  inputTokens: 12,
  output: { max: 100, min: 16, choices: 2 },
  baseCostNanoUsd: 10,
  outputCostNanoUsd: 0.5,
  priced: true,
  count: 1,
  provider: 'cheap',
  model: 'small',
};

const itself = (estimate: CallEstimate) => estimate;

describe('what is reserved for a call that several may answer', () => {
  it('is enough for the dearest of them in every part', () => {
    const dear = { ...CHEAP, inputTokens: 8, baseCostNanoUsd: 70, outputCostNanoUsd: 0.2, provider: 'dear' };
    const long = { ...CHEAP, output: { max: 900, min: 16, choices: 2 }, provider: 'long' };
    expect(dearestOf([CHEAP, dear, long], itself)).toEqual({
      ...CHEAP,
      inputTokens: 12,
      baseCostNanoUsd: 70,
      outputCostNanoUsd: 0.5,
      output: { max: 900, min: 16, choices: 2 },
    });
  });

  it('is priced where one of them is', () => {
    const unpriced = { ...CHEAP, baseCostNanoUsd: 0, outputCostNanoUsd: 0, priced: false };
    expect(dearestOf([unpriced, CHEAP], itself)).toMatchObject({ priced: true, baseCostNanoUsd: 10 });
    expect(dearestOf([unpriced, unpriced], itself).priced).toBe(false);
  });
});
