import { NextInput } from './next-input.js';

const usageOf = (inputTokens: number, outputTokens: number) => ({
  ...{ inputTokens, outputTokens, cachedInputTokens: 0 },
  totalTokens: inputTokens + outputTokens,
});

describe('what the next response reads', () => {
  let input: NextInput;

  beforeEach(() => {
    input = new NextInput();
    input.note(100.5);
  });

  it('is what was said, until the provider counts; then its count, to the token', () => {
    expect(input.tokens).toBe(101);
    const askedAt = input.said;
    input.answered({ askedAt, usage: usageOf(60, 7), deliveredTokens: 9 });
    expect(input.tokens).toBe(67);
    input.note(5);
    expect(input.tokens).toBe(72);
  });

  it('is more by what was said while a response was made', () => {
    const askedAt = input.said;
    input.note(40);
    input.answered({ askedAt, usage: usageOf(60, 7), deliveredTokens: 9 });
    expect(input.tokens).toBe(107);
  });

  it('is more by what was delivered where the provider does not count, or counts nothing', () => {
    const askedAt = input.said;
    input.answered({ askedAt, usage: undefined, deliveredTokens: 9 });
    expect(input.tokens).toBe(110);
    input.answered({ askedAt, usage: usageOf(0, 0), deliveredTokens: 1 });
    expect(input.tokens).toBe(111);
  });

  it('is never less than what may not have reached a provider that began by itself', () => {
    input.answered({ askedAt: input.said, usage: usageOf(60, 7), deliveredTokens: 0 });
    input.note(20);
    input.answered({ askedAt: undefined, usage: usageOf(80, 3), deliveredTokens: 0 });
    expect(input.tokens).toBe(103);
    input.answered({ askedAt: undefined, usage: usageOf(90, 2), deliveredTokens: 0 });
    expect(input.tokens).toBe(92);
  });
});
