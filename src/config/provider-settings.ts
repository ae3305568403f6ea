import { z } from 'zod';
import { oneOf, rate, secretText, setting, splitList, url, wholeNumber } from './setting.js';

/** Which wire format a provider speaks. */
export const PROVIDER_KINDS = ['openai', 'gemini', 'groq', 'heygen', 'openai_compatible'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** A model as its provider names it, and as callers may name it too. */
export interface ModelSetting {
  readonly name: string;
  readonly alias?: string;
}

/** One configured provider. */
export interface ProviderSettings {
  /** Lower case. */
  readonly name: string;
  readonly kind: ProviderKind;
  readonly apiKey?: string;
  readonly baseUrl?: string;
  /** Of a workspace's own key. */
  readonly apiVersion?: string;
  readonly ratePerSec?: number;
  readonly timeoutMs: number;
  /** Empty: the known ones of its kind. */
  readonly models: readonly ModelSetting[];
  /** Beside those whose names say that they are. */
  readonly realtimeModels?: readonly ModelSetting[];
}

/** Providers whose kind their name tells. */
export const KNOWN_PROVIDERS = ['openai', 'gemini', 'groq', 'heygen'] as const;
type KnownProvider = (typeof KNOWN_PROVIDERS)[number];

/** The settings of one provider, by what follows `PROVIDER_<NAME>_`. */
export const ProviderVariables = z.object({
  KIND: oneOf(...PROVIDER_KINDS).optional(),
  API_KEY: secretText(1).optional(),
  BASE_URL: url('http://localhost:11434/v1', 'http:', 'https:').optional(),
  RATE_PER_SEC: rate().optional(),
  TIMEOUT_MS: wholeNumber(100, 3_600_000).default(60_000),
  MODELS: modelList('llama3.1,fast=llama3.1').default([]),
  REALTIME_MODELS: modelList('speaker-1,voice=speaker-1').optional(),
});
type ProviderValues = z.output<typeof ProviderVariables>;

export const PROVIDER_FIELDS: readonly string[] = Object.keys(ProviderVariables.shape);

const VARIABLE = new RegExp(`^PROVIDER_([A-Z][A-Z0-9_]*?)_(${PROVIDER_FIELDS.join('|')})$`);
const OTHERS: readonly string[] = ['PROVIDER_ORDER', 'PROVIDER_COOLDOWN_SEC'];

export interface ProvidersRead {
  readonly providers: readonly ProviderSettings[];
  /** Also of those that are at fault or not switched on. */
  readonly names: readonly string[];
  readonly faults: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** All `PROVIDER_<NAME>_…` of the environment. Empty values must be gone already. */
export function readProviders(environment: Environment): ProvidersRead {
  const faults: string[] = [];
  const groups = new Map<string, Record<string, string>>();
  for (const name of KNOWN_PROVIDERS) {
    const short = environment[`${name.toUpperCase()}_API_KEY`];
    if (short !== undefined) groups.set(name, { API_KEY: short });
  }
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('PROVIDER_') || OTHERS.includes(variable) || value === undefined) continue;
    const [, name, field] = VARIABLE.exec(variable) ?? [];
    if (name === undefined || field === undefined) {
      faults.push(
        `${variable}: no such setting; it takes PROVIDER_<NAME>_ and one of ${PROVIDER_FIELDS.join(', ')}`,
      );
      continue;
    }
    groups.set(name.toLowerCase(), { ...groups.get(name.toLowerCase()), [field]: value });
  }
  const read = [...groups].map(([name, variables]) => readProvider(name, variables));
  return {
    names: [...groups.keys()],
    providers: read.flatMap(({ provider }) => (provider ? [provider] : [])),
    faults: [...faults, ...read.flatMap((one) => one.faults)],
  };
}

/** Whether a name may stand in PROVIDER_ORDER. */
export function isProviderName(name: string, configured: readonly string[]): boolean {
  return isKnownProvider(name) || configured.includes(name);
}

function readProvider(name: string, variables: Readonly<Record<string, string>>) {
  const prefix = `PROVIDER_${name.toUpperCase()}_`;
  const parsed = ProviderVariables.safeParse(variables);
  if (!parsed.success) {
    return {
      faults: parsed.error.issues.map((issue) => `${prefix}${String(issue.path[0])}: ${issue.message}`),
    };
  }
  const values = parsed.data;
  const faults = faultsOf(name, values).map((fault) => `${prefix}${fault}`);
  const usable = values.API_KEY !== undefined || values.BASE_URL !== undefined;
  // A known provider with neither is one that is prepared and not switched on.
  return faults.length === 0 && usable ? { provider: providerOf(name, values), faults } : { faults };
}

function faultsOf(name: string, { KIND, BASE_URL, REALTIME_MODELS }: ProviderValues): string[] {
  if (name === 'simulated') return ['*: the name simulated is taken; choose another'];
  if (REALTIME_MODELS && (name === 'gemini' || name === 'heygen'))
    return [`REALTIME_MODELS: ${name} holds no realtime sessions that we speak; leave it out`];
  if (isKnownProvider(name)) {
    return KIND === undefined || KIND === name
      ? []
      : [`KIND: ${name} is always of its own kind; leave it out, or choose another name`];
  }
  if (KIND !== 'openai_compatible') return [`KIND: not known for "${name}"; it takes openai_compatible`];
  return BASE_URL === undefined
    ? ['BASE_URL: not set; it takes a URL such as http://localhost:11434/v1']
    : [];
}

function providerOf(name: string, values: ProviderValues): ProviderSettings {
  return {
    name,
    kind: isKnownProvider(name) ? name : 'openai_compatible',
    ...(values.API_KEY !== undefined && { apiKey: values.API_KEY }),
    ...(values.BASE_URL !== undefined && { baseUrl: values.BASE_URL }),
    ...(values.RATE_PER_SEC !== undefined && { ratePerSec: values.RATE_PER_SEC }),
    timeoutMs: values.TIMEOUT_MS,
    models: values.MODELS,
    ...(values.REALTIME_MODELS && { realtimeModels: values.REALTIME_MODELS }),
  };
}

function isKnownProvider(name: string): name is KnownProvider {
  return KNOWN_PROVIDERS.some((known) => known === name);
}

function modelList(example: string) {
  return setting({ takes: `a list of models and of alias=model, such as ${example}`, read: readModels });
}

function readModels(text: string): readonly ModelSetting[] | undefined {
  const models = splitList(text).map(readModel);
  const names = models.map((model) => model?.alias ?? model?.name);
  if (models.length === 0 || names.includes(undefined) || new Set(names).size < names.length)
    return undefined;
  return models.flatMap((model) => (model ? [model] : []));
}

function readModel(text: string): ModelSetting | undefined {
  const [left = '', right, ...rest] = text.split('=').map((part) => part.trim());
  if (left === '' || right === '' || rest.length > 0) return undefined;
  return right === undefined ? { name: left } : { name: right, alias: left };
}
