import { type Operation } from '../rate-limiting/index.js';
import { type ProviderKind, type ProviderSettings } from '../config/index.js';
import { type ProviderModel } from './provider.port.js';

/** What a provider serves where `PROVIDER_<NAME>_MODELS` says nothing. The first of an operation is its default. */
const KNOWN_MODELS: Readonly<Record<ProviderKind, readonly string[]>> = {
  openai: [
    'gpt-4o-mini',
    'gpt-4o',
    'gpt-4.1',
    'gpt-4.1-mini',
    'gpt-4.1-nano',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-nano',
    'gpt-5.4',
    'gpt-5.4-mini',
    'gpt-5.4-nano',
    'gpt-5.5',
    'gpt-6-astra',
    'gpt-6-sol',
    'gpt-6-luna',
    'o3',
    'o4-mini',
    'text-embedding-3-small',
    'text-embedding-3-large',
    'gpt-realtime',
    'gpt-image-1',
    'gpt-image-1-mini',
    'gpt-image-1.5',
    'dall-e-3',
  ],
  gemini: [
    'gemini-3.8-flash',
    'gemini-3.5-flash',
    'gemini-3.5-flash-lite',
    'gemini-3.1-flash-lite',
    'gemini-3.1-pro-preview',
    'gemini-2.5-flash',
    'gemini-2.5-flash-lite',
    'gemini-2.5-pro',
    'gemini-embedding-001',
    'gemini-3.1-flash-image',
    'gemini-3-pro-image',
    'gemini-2.5-flash-image',
    'veo-3.1-fast-generate-preview',
    'veo-3.1-generate-preview',
  ],
  groq: [
    'llama-3.3-70b-versatile',
    'llama-3.1-8b-instant',
    'meta-llama/llama-4-scout-17b-16e-instruct',
    'meta-llama/llama-4-maverick-17b-128e-instruct',
    'openai/gpt-oss-120b',
    'openai/gpt-oss-20b',
    'qwen/qwen3-32b',
  ],
  // Ours: HeyGen has avatars where others have models.
  heygen: ['heygen-avatar'],
  // Nobody can know what such a server serves.
  openai_compatible: [],
};

/** Speech and moderation are none of our operations, and a realtime model answers sessions only. */
const NONE = /(^|[-_/.])(realtime|whisper|tts|transcribe|moderation|guard)([-_/.:\d]|$)/;
const REALTIME = /(^|[-_/.])realtime([-_/.:\d]|$)/;
const EMBEDDING = /embed|(^|\/)(bge|gte|e5|all-minilm|voyage)-/;
const VIDEO = /(^|[-_/.])(sora|veo|video|kling|seedance|hailuo|ltx)([-_/.:\d]|$)/;
const IMAGE = /(^|[-_/.])(image|imagen|imagine|dall-e|flux|sdxl|stable-diffusion)([-_/.:\d]|$)/;

/** The most output tokens of one answer, as the providers' model pages have it. The first match holds. */
const MAX_OUTPUT: readonly (readonly [RegExp, number])[] = [
  [/^gpt-5(\.\d+)?-chat/, 16_384],
  [/^gpt-[56]/, 128_000],
  [/^gpt-4\.1/, 32_768],
  [/^(gpt-4o-2024-05-13|gpt-4-turbo|gpt-3\.5)/, 4096],
  [/^(gpt-4o|chatgpt-4o)/, 16_384],
  [/^gpt-4/, 8192],
  [/^o[134](-|$)/, 100_000],
  [/^gemini-2\.0/, 8192],
  [/^gemini-/, 65_536],
  [/^llama-3\.3-70b-versatile/, 32_768],
  [/^llama-3\.1-8b-instant/, 131_072],
  [/^meta-llama\/llama-4-/, 8192],
  [/^openai\/gpt-oss-/, 65_536],
  [/^qwen\/qwen3-32b/, 40_960],
];

/** What a model does, by its name. */
export function operationsOf(model: string): readonly Operation[] {
  const name = model.toLowerCase();
  if (NONE.test(name)) return [];
  if (EMBEDDING.test(name)) return ['embedding'];
  if (VIDEO.test(name)) return ['video_generation'];
  if (IMAGE.test(name)) return ['image_generation'];
  return ['llm_call', 'script_generation'];
}

/** The names of the models that are known of a kind. */
export function knownModels(
  kind: ProviderKind,
): readonly { readonly name: string; readonly alias?: string }[] {
  return KNOWN_MODELS[kind].map((name) => ({ name }));
}

/**
 * What a provider serves: the models it was given, else those known of its kind; and the realtime models that its
 * operator named, whatever their names say.
 */
export function catalogueOf({
  kind,
  models,
  realtimeModels = [],
}: Pick<ProviderSettings, 'kind' | 'models' | 'realtimeModels'>): readonly ProviderModel[] {
  const listed = models.length > 0 ? models : knownModels(kind);
  const others = listed.filter(({ name }) => realtimeModels.every((realtime) => realtime.name !== name));
  return [
    ...others.map(({ name, alias }) => ({
      ...modelOf(name, alias),
      operations: kind === 'heygen' ? (['video_generation'] as const) : operationsOf(name),
      ...(REALTIME.test(name.toLowerCase()) && { realtime: true }),
    })),
    ...realtimeModels.map(({ name, alias }) => ({ ...modelOf(name, alias), operations: [], realtime: true })),
  ];
}

function modelOf(name: string, alias: string | undefined): Omit<ProviderModel, 'operations'> {
  const maxOutputTokens = MAX_OUTPUT.find(([pattern]) => pattern.test(name))?.[1];
  return {
    name,
    ...(alias !== undefined && { alias }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}
