import { isOpenAiPath } from './openai-path.js';
import { durationText } from './openai-rate-headers.js';

describe('durations as OpenAI writes them', () => {
  it.each([
    [0, '0s'],
    [1, '1s'],
    [59, '59s'],
    [60, '1m0s'],
    [360, '6m0s'],
    [3_661, '1h1m1s'],
    [830_674, '230h44m34s'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe('which paths are OpenAI’s', () => {
  it.each([
    ['/v1', true],
    ['/v1/chat/completions', true],
    ['/v1?x=1', true],
    ['/v10/chat', false],
    ['/generate/v1/', false],
  ])('%s: %s', (path, is) => {
    expect(isOpenAiPath(path)).toBe(is);
  });
});
