import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { costOf, imageCostOf, imageTokensOf, type ModelPrice, ratesFor, videoCostOf } from './model-price.js';
import { readPriceList, readPrices } from './price-list.js';
import { PriceTable } from './price-table.js';
import { dearestRates } from './token-rates.js';

const DOLLAR = 1_000_000_000;

function table(at = '2026-11-01T12:00:00Z'): PriceTable {
  return new PriceTable(new FrozenClock(Date.parse(at)));
}

function priceOf(provider: string, model: string, baseUrl?: string): ModelPrice {
  const price = table().priceOf({ provider, model, ...(baseUrl !== undefined && { baseUrl }) });
  if (!price) throw new Error(`no price for ${provider}/${model}`);
  return price;
}

describe('PriceTable', () => {
  it.each([
    ['gpt-5', 10, 30],
    ['gpt-5-mini', 3, 15],
    ['gpt-realtime', 100, 200],
    ['gpt-5-2025-08-07', 10, 30],
    ['gpt-5-mini-2025-08-07', 3, 15],
    ['gpt-4o-mini', 0.15, 0.6],
    ['gpt-4o-2024-08-06', 2.5, 10],
    ['text-embedding-3-small', 0.02, 0],
  ])('knows %s at $%d and $%d a million tokens', (model, input, output) => {
    const price = priceOf('openai', model);
    expect(costOf(price, { inputTokens: 1_000_000, outputTokens: 0 })).toBe(input * DOLLAR);
    expect(costOf(price, { inputTokens: 0, outputTokens: 1_000_000 })).toBe(output * DOLLAR);
  });

  it('knows the providers by the names of the settings, others by their server', () => {
    expect(priceOf('gemini', 'gemini-2.5-flash').outputNanoPerToken).toBe(2500);
    expect(priceOf('groq', 'llama-3.3-70b-versatile').inputNanoPerToken).toBe(590);
    expect(priceOf('second', 'gpt-4o-mini', 'https://api.openai.com/v1').inputNanoPerToken).toBe(150);
    expect(priceOf('proxy', 'gpt-5-mini', 'http://127.0.0.1:4000/v1').inputNanoPerToken).toBe(3000);
    expect(priceOf('proxy', 'text-embedding-3-small').inputNanoPerToken).toBe(20);
    expect(
      imageCostOf(priceOf('proxy', 'dall-e-3'), { count: 1, size: '1024x1024', quality: 'standard' }),
    ).toBe(0.04 * DOLLAR);
    expect(priceOf('simulated', 'simulated-text').outputNanoPerToken).toBe(600);
  });

  it.each([
    ['openai', 'gpt-4o-something-new'],
    ['openai', 'no-such-model'],
    ['groq', 'whisper-large-v3'],
    ['ollama', 'llama3.2'],
    ['ollama', 'gpt-oss:20b'],
    ['ollama', 'deepseek-r1'],
    ['simulated', '__proto__'],
  ])('has no price for %s/%s', (provider, model) => {
    expect(table().priceOf({ provider, model, baseUrl: 'http://127.0.0.1:11434/v1' })).toBeUndefined();
  });

  it('charges cached input at its own rate, and never more of it than there was input', () => {
    const price = priceOf('openai', 'gpt-4o-mini');
    expect(costOf(price, { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 0 })).toBe(
      600 * 150 + 400 * 75,
    );
    expect(costOf(price, { inputTokens: 10, cachedInputTokens: 400, outputTokens: 0 })).toBe(10 * 75);
  });

  it('charges the dearer rate of long inputs from the first token past the mark', () => {
    const price = priceOf('gemini', 'gemini-2.5-pro');
    expect(ratesFor(price, 200_000).inputNanoPerToken).toBe(1250);
    expect(ratesFor(price, 200_001)).toMatchObject({ inputNanoPerToken: 2500, outputNanoPerToken: 15_000 });
  });

  it.each([
    ['gpt-realtime-1.5', [4, 0.4, 16], [32, 0.4, 64]],
    ['gpt-realtime-2', [4, 0.4, 24], [32, 0.4, 64]],
    ['gpt-realtime-mini', [0.6, 0.06, 2.4], [10, 0.3, 20]],
    ['gpt-4o-mini-realtime-preview-2024-12-17', [0.6, 0.3, 2.4], [10, 0.3, 20]],
    ['gpt-4o-realtime-preview', [5, 2.5, 20], [40, 2.5, 80]],
    ['gpt-realtime', [100, 100, 200], [100, 100, 200]],
  ])('tells the text of %s from its sound: %j and %j', (model, text, audio) => {
    const price = priceOf('openai', model);
    const million = { inputTokens: 2_000_000, cachedInputTokens: 1_000_000, outputTokens: 1_000_000 };
    const sum = (prices: number[]) => prices.reduce((total, each) => total + each) * DOLLAR;
    expect(costOf(price, million)).toBe(Math.round(sum(text)));
    expect(costOf(price, { ...million, apart: { audio: million } })).toBe(Math.round(sum(audio)));
    const { inputNanoPerToken, outputNanoPerToken } = dearestRates(price);
    expect([inputNanoPerToken, outputNanoPerToken]).toEqual(
      [audio[0], audio[2]].map((usd = 0) => usd * 1000),
    );
  });

  it('charges no part of a call twice, and no more of a kind than there was of all', () => {
    const price = priceOf('openai', 'gpt-realtime-1.5');
    const cost = (audio: { inputTokens: number; cachedInputTokens?: number; outputTokens: number }) =>
      costOf(price, { inputTokens: 100, cachedInputTokens: 40, outputTokens: 10, apart: { audio } });
    expect(cost({ inputTokens: 30, cachedInputTokens: 10, outputTokens: 4 })).toBe(
      20 * 32_000 + 10 * 400 + 40 * 4_000 + 30 * 400 + 4 * 64_000 + 6 * 16_000,
    );
    expect(cost({ inputTokens: 80, outputTokens: 0 })).toBe(80 * 32_000 + 20 * 400 + 10 * 16_000);
    expect(cost({ inputTokens: 999, cachedInputTokens: 999, outputTokens: 999 })).toBe(
      60 * 32_000 + 40 * 400 + 10 * 64_000,
    );
  });

  it('follows a price that depends on the hour', () => {
    const clock = new FrozenClock(Date.parse('2026-11-01T12:00:00Z'));
    const prices = new PriceTable(clock);
    const query = { provider: 'deepseek', model: 'deepseek-chat' };
    expect(prices.priceOf(query)?.inputNanoPerToken).toBe(270);
    clock.moveTo('2026-11-01T20:00:00Z');
    expect(prices.priceOf(query)?.inputNanoPerToken).toBe(135);
  });

  it('refuses a malformed price list', () => {
    expect(() =>
      readPriceList({ models: [{ provider: 'openai', model: 'x', tokens: { input: -1 } }] }),
    ).toThrow();
  });
});

describe('costOf', () => {
  const price = { inputNanoPerToken: 0.1, cachedInputNanoPerToken: 0.1, outputNanoPerToken: 0.2 };

  it('rounds up to whole nano-dollars, but not for the float’s own error', () => {
    expect(costOf(price, { inputTokens: 1, outputTokens: 0 })).toBe(1);
    expect(costOf(price, { inputTokens: 10, outputTokens: 10 })).toBe(3);
    expect(costOf(price, { inputTokens: 0, outputTokens: 0 })).toBe(0);
  });
});

describe('imageCostOf', () => {
  it('prices by size and quality', () => {
    const price = priceOf('openai', 'dall-e-3');
    expect(imageCostOf(price, { count: 2, size: '1024x1024', quality: 'standard' })).toBe(0.08 * DOLLAR);
    expect(imageCostOf(price, { count: 1, size: '1792x1024', quality: 'hd' })).toBe(0.12 * DOLLAR);
  });

  it('takes the dearest of what is left to the model', () => {
    const price = priceOf('openai', 'gpt-image-1');
    expect(imageCostOf(price, { count: 1 })).toBe(6240 * 40_000);
    expect(imageCostOf(price, { count: 1, size: 'auto', quality: 'low' })).toBe(408 * 40_000);
    expect(imageTokensOf(price, { count: 3, size: '1024x1024', quality: 'high' })).toBe(3 * 4160);
  });

  it.each([{ size: '31x7' }, { quality: 'constructor' }, { size: 'toString', quality: 'hd' }])(
    'has no price for %j',
    (request) => {
      expect(imageCostOf(priceOf('openai', 'dall-e-3'), { count: 1, ...request })).toBeUndefined();
    },
  );

  it('has no price for a model without images', () => {
    expect(imageCostOf(priceOf('openai', 'gpt-4o'), { count: 1 })).toBeUndefined();
  });
});

describe('videoCostOf', () => {
  it('prices seconds by size, and the dearest where the size is left to the model', () => {
    const price = priceOf('openai', 'sora-2-pro');
    expect(videoCostOf(price, { seconds: 8, size: '1280x720' })).toBe(2.4 * DOLLAR);
    expect(videoCostOf(price, { seconds: 8 })).toBe(4 * DOLLAR);
    expect(videoCostOf(price, { seconds: 8, size: '1x1' })).toBeUndefined();
    expect(videoCostOf(priceOf('gemini', 'veo-3.1-generate-preview'), { seconds: 8, size: 'x' })).toBe(
      3.2 * DOLLAR,
    );
    expect(videoCostOf(priceOf('openai', 'gpt-5'), { seconds: 8 })).toBeUndefined();
  });
});

describe('PRICES_FILE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cuota-prices-'));
  const path = join(folder, 'prices.json');
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('comes before our own prices, which stay for all others', () => {
    const tokens = { input: 1, output: 2 };
    writeFileSync(path, JSON.stringify({ models: [{ provider: 'openai', model: 'gpt-5', tokens }] }));
    const prices = new PriceTable(new FrozenClock(0), readPrices(path));
    expect(prices.priceOf({ provider: 'openai', model: 'gpt-5' })?.inputNanoPerToken).toBe(1000);
    expect(prices.priceOf({ provider: 'openai', model: 'gpt-5-mini' })?.inputNanoPerToken).toBe(3000);
  });

  it('names a provider in whatever case', () => {
    const tokens = { input: 1, output: 2 };
    writeFileSync(path, JSON.stringify({ models: [{ provider: 'OpenAI', model: 'gpt-5', tokens }] }));
    const prices = new PriceTable(new FrozenClock(0), readPrices(path));
    expect(prices.priceOf({ provider: 'openai', model: 'gpt-5' })?.inputNanoPerToken).toBe(1000);
  });

  it('knows sound by what it says, else by what is dearer: its own text, or the sound of the base table', () => {
    const audioOf = (tokens: unknown) => {
      const models = [{ provider: 'openai', model: 'gpt-realtime', tokens }];
      writeFileSync(path, JSON.stringify({ models }));
      const prices = new PriceTable(new FrozenClock(0), readPrices(path));
      return prices.priceOf({ provider: 'openai', model: 'gpt-realtime' })?.apart?.audio;
    };
    const rates = (input: number, cached: number, output: number) => ({
      inputNanoPerToken: input,
      cachedInputNanoPerToken: cached,
      outputNanoPerToken: output,
    });
    const audio = { input: 7, cachedInput: 1, output: 9 };
    expect(audioOf({ input: 4, output: 16, audio })).toEqual(rates(7000, 1000, 9000));
    expect(audioOf({ input: 4, output: 16 })).toEqual(rates(32_000, 4000, 64_000));
    expect(audioOf({ input: 100, output: 20 })).toEqual(rates(100_000, 100_000, 64_000));
  });

  it.each([
    [
      '{"models": [{"provider": "x", "model": "y", "tokens": {"input": 1, "output": 2, "audio": {"input": 3}}}]}',
      /models\.0\.tokens\.audio\.output/,
    ],
    [
      '{"models": [{"provider": "x", "model": "y", "tokens": {"input": -1, "output": 2}}]}',
      /models\.0\.tokens\.input/,
    ],
    ['{"models": [{"provider": "x", "model": "y", "price": 3}]}', /models\.0: .*price/],
    ['{"models": [{"provider": "x", "model": "y", "tokens": {"input": "a", "output": 2}}]}', /\(x\/y\)/],
    ['{"models": [{"provider": "x", "model": "y"}]}', /models\.0: no price: it takes tokens, .* \(x\/y\)/],
    [
      '{"models": [{"provider": "x", "model": "y", "imageUsd": {}}, {"provider": "X", "model": "y", "imageUsd": {}}]}',
      /models\.1: listed already, as models\.0 \(X\/y\)/,
    ],
    [
      '{"models": [{"provider": "x", "model": "y", "tokens": {"input": 1e15, "output": 2}}]}',
      /models\.0\.tokens\.input: Too big/,
    ],
    ['{"models": [7]}', /models\.0: /],
    ['{"model": []}', /models: /],
    ['{', /cannot be read/],
  ])('names every fault of %s', (text, fault) => {
    writeFileSync(path, text);
    expect(() => readPrices(path)).toThrow(/^PRICES_FILE .*prices\.json/);
    expect(() => readPrices(path)).toThrow(fault);
  });

  it('says that it is missing', () => {
    expect(() => readPrices(join(folder, 'none'))).toThrow(/PRICES_FILE .*none cannot be read/);
  });
});
