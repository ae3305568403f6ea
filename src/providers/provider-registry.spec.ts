import { type ProviderSettings } from '../config/index.js';
import { FrozenClock } from '../rate-limiting/domain/clock.js';
import { type Operation } from '../rate-limiting/domain/operation.js';
import { configuredProviders } from './configured-providers.js';
import { operationsOf } from './model-catalogue.js';
import { ProviderRegistry } from './provider-registry.js';

function settings(name: string, more: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    name,
    kind: 'openai_compatible',
    baseUrl: 'http://127.0.0.1:1/v1',
    timeoutMs: 1000,
    models: [],
    ...more,
  };
}

function registry(list: readonly ProviderSettings[], order: readonly string[] = []): ProviderRegistry {
  return new ProviderRegistry(configuredProviders(list, { clock: new FrozenClock(0) }).providers, order);
}

const OPENAI = settings('openai', { kind: 'openai', apiKey: 'sk-x' });
const GROQ = settings('groq', { kind: 'groq', apiKey: 'gsk-x' });
const LOCAL = settings('ollama', {
  models: [{ name: 'llama3.2', alias: 'fast' }, { name: 'nomic-embed-text' }],
});
const OTHER = settings('other', { models: [{ name: 'gpt-4o-mini', alias: 'fast' }, { name: 'gpt-4o' }] });

function found(
  from: ProviderRegistry,
  wanted: { operation?: Operation; model?: string; provider?: string },
): string {
  const answer = from.candidates({ operation: 'llm_call', ...wanted });
  if (answer.kind !== 'found') return answer.kind;
  return answer.candidates.map(({ provider, model }) => `${provider.name}:${model.name}`).join(' ');
}

describe('ProviderRegistry', () => {
  const all = registry([OPENAI, GROQ, LOCAL, OTHER]);

  it.each([
    [{ model: 'gpt-4o-mini' }, 'openai:gpt-4o-mini other:gpt-4o-mini'],
    [{ model: 'fast' }, 'ollama:llama3.2 other:gpt-4o-mini'],
    [{ model: 'other/fast' }, 'other:gpt-4o-mini'],
    [{ model: 'OpenAI/gpt-4o' }, 'openai:gpt-4o'],
    [{ model: 'openai/gpt-oss-20b' }, 'groq:openai/gpt-oss-20b'],
    [{ model: 'groq/openai/gpt-oss-20b' }, 'groq:openai/gpt-oss-20b'],
    [{ model: 'fast', provider: 'other' }, 'other:gpt-4o-mini'],
    [{}, 'openai:gpt-4o-mini groq:llama-3.3-70b-versatile ollama:llama3.2 other:gpt-4o-mini'],
    [{ model: 'auto', provider: 'groq' }, 'groq:llama-3.3-70b-versatile'],
    [{ model: 'groq/auto' }, 'groq:llama-3.3-70b-versatile'],
    [{ operation: 'script_generation' as const, model: 'gpt-4o' }, 'openai:gpt-4o other:gpt-4o'],
    [{ operation: 'embedding' as const }, 'openai:text-embedding-3-small ollama:nomic-embed-text'],
    [{ operation: 'image_generation' as const }, 'openai:gpt-image-1'],
    [{ model: 'gpt-9' }, 'unknown_model'],
    [{ model: 'nobody/gpt-4o' }, 'unknown_model'],
    [{ model: 'groq/gpt-4o' }, 'unknown_model'],
    [{ model: 'text-embedding-3-small' }, 'unknown_model'],
    [{ model: '' }, 'unknown_model'],
    [{ provider: 'nobody' }, 'unknown_provider'],
    [{ operation: 'video_generation' as const }, 'unknown_model'],
  ])('%j → %s', (wanted, expected) => {
    expect(found(all, wanted)).toBe(expected);
  });

  it('prefers providers in the order it is given', () => {
    const ordered = registry([OPENAI, GROQ, LOCAL], ['ollama', 'gemini', 'groq']);
    expect(found(ordered, {})).toBe('ollama:llama3.2 groq:llama-3.3-70b-versatile openai:gpt-4o-mini');
    expect(ordered.resolve({ operation: 'llm_call' })).toMatchObject({
      kind: 'found',
      model: { name: 'llama3.2' },
    });
  });

  it('says what is wrong and what there is', () => {
    const small = registry([LOCAL]);
    expect(small.resolve({ operation: 'llm_call', model: 'gpt-9' })).toEqual({
      kind: 'unknown_model',
      message: 'There is no model "gpt-9" for llm call. There are: fast, llama3.2.',
      known: ['fast', 'llama3.2'],
    });
    expect(small.resolve({ operation: 'llm_call', model: 'nomic-embed-text' })).toMatchObject({
      message: 'The model "nomic-embed-text" does not serve llm call. There are: fast, llama3.2.',
    });
    expect(small.resolve({ operation: 'image_generation' })).toMatchObject({
      message: 'No configured provider serves image generation.',
    });
    expect(small.resolve({ operation: 'llm_call', provider: 'x' })).toEqual({
      kind: 'unknown_provider',
      message: 'There is no provider "x". There are: ollama.',
    });
  });

  it.each([
    [
      { operation: 'llm_call', model: 'nobody/gpt-4o' },
      'There is no model "nobody/gpt-4o" for llm call. There are: fast, llama3.2, gpt-4o-mini, gpt-4o. ' +
        'There is no provider "nobody". There are: ollama, other.',
    ],
    [
      { operation: 'llm_call', model: 'Other/llama3.2' },
      'There is no model "llama3.2" for llm call at other. There are: fast, gpt-4o-mini, gpt-4o.',
    ],
    [
      { operation: 'llm_call', model: 'llama3.2', provider: 'other' },
      'There is no model "llama3.2" for llm call at other. There are: fast, gpt-4o-mini, gpt-4o.',
    ],
    [
      { operation: 'llm_call', model: 'ollama/nomic-embed-text' },
      'The model "nomic-embed-text" does not serve llm call at ollama. There are: fast, llama3.2.',
    ],
    [
      { operation: 'embedding', provider: 'other' },
      'The provider other does not serve embedding. Who does: ollama.',
    ],
    [
      { operation: 'image_generation', model: 'other/auto' },
      'The provider other does not serve image generation.',
    ],
  ] as const)('tells of %j who is meant, and what they have', (wanted, message) => {
    expect(registry([LOCAL, OTHER]).candidates(wanted)).toMatchObject({ message });
  });

  it('serves nothing where nothing is left', () => {
    expect(
      registry([settings('heygen', { kind: 'heygen' })]).resolve({ operation: 'llm_call' }),
    ).toMatchObject({
      kind: 'unknown_model',
      message: 'No configured provider serves llm call.',
    });
  });

  it('lists every model with its provider', () => {
    expect(registry([LOCAL]).list()).toEqual([
      { name: 'llama3.2', alias: 'fast', operations: ['llm_call', 'script_generation'], provider: 'ollama' },
      { name: 'nomic-embed-text', operations: ['embedding'], provider: 'ollama' },
    ]);
  });
});

describe('a provider without a key', () => {
  it.each([
    [{ operation: 'llm_call', provider: 'gemini' }],
    [{ operation: 'llm_call', provider: 'Gemini', model: 'gemini-2.5-pro' }],
    [{ operation: 'llm_call', model: 'gemini/gemini-2.5-pro' }],
    [{ operation: 'llm_call', model: 'gemini-2.5-pro' }],
  ] as const)('says which key is missing for %j', (wanted) => {
    expect(registry([OPENAI]).candidates(wanted)).toMatchObject({
      message: 'The provider gemini has no key: set GEMINI_API_KEY. There are: openai.',
    });
  });
});

describe('configuredProviders', () => {
  const clock = new FrozenClock(0);

  it('simulates where nothing is configured, and says so', () => {
    const { providers, warnings } = configuredProviders([], { clock });
    expect(providers.map(({ name }) => name)).toEqual(['simulated']);
    expect(warnings).toEqual([expect.stringContaining('every answer is simulated')]);
  });

  it('speaks to each in its own way', () => {
    const heygen = settings('heygen', { kind: 'heygen', apiKey: 'x' });
    const gemini = settings('gemini', { kind: 'gemini', apiKey: 'x' });
    const { providers, warnings } = configuredProviders([heygen, gemini, OPENAI, GROQ], { clock });
    const verbs = ['chat', 'respond', 'embed', 'image', 'videos'] as const;
    const able = providers.map((one) => [
      one.name,
      verbs.filter((verb) => Reflect.get(one, verb) !== undefined).join(' '),
    ]);
    expect(Object.fromEntries(able)).toEqual({
      heygen: 'videos',
      gemini: 'chat embed image videos',
      openai: 'chat respond embed image videos',
      groq: 'chat respond embed image',
    });
    expect(warnings).toEqual([]);
  });

  it('warns of a server whose models nobody knows', () => {
    expect(configuredProviders([settings('vllm')], { clock }).warnings).toEqual([
      expect.stringContaining('PROVIDER_VLLM_MODELS'),
    ]);
  });

  it('caps output by the field that each server knows', () => {
    const fields = configuredProviders([OPENAI, GROQ, LOCAL], { clock }).providers.map((one) =>
      one.outputCapField('x'),
    );
    expect(fields).toEqual(['max_completion_tokens', 'max_tokens', 'max_tokens']);
  });

  it('knows how much a model writes at most, where anybody does', () => {
    const models = registry([OPENAI, LOCAL]).list();
    const most = (name: string) => models.find((model) => model.name === name)?.maxOutputTokens;
    expect([most('gpt-4o-mini'), most('gpt-5'), most('gpt-4.1'), most('llama3.2')]).toEqual([
      16_384,
      128_000,
      32_768,
      undefined,
    ]);
  });
});

describe('operationsOf', () => {
  it.each([
    ['gpt-5', 'llm_call script_generation'],
    ['meta-llama/llama-4-scout-17b-16e-instruct', 'llm_call script_generation'],
    ['gpt-4o-image-capable', 'image_generation'],
    ['text-embedding-3-large', 'embedding'],
    ['BAAI/bge-m3', 'embedding'],
    ['gpt-image-1', 'image_generation'],
    ['dall-e-3', 'image_generation'],
    ['imagen-4.0-generate-001', 'image_generation'],
    ['gemini-2.5-flash-image', 'image_generation'],
    ['sora-2', 'video_generation'],
    ['veo-3.0-generate-001', 'video_generation'],
    ['gpt-realtime', ''],
    ['gpt-realtime-mini', ''],
    ['whisper-large-v3', ''],
    ['gpt-4o-mini-tts', ''],
  ])('%s: %s', (model, operations) => {
    expect(operationsOf(model).join(' ')).toBe(operations);
  });
});
