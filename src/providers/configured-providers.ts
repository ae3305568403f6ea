import { type ProviderSettings, type Settings } from '../config/index.js';
import { type Clock } from '../rate-limiting/index.js';
import { GeminiProvider } from './gemini.provider.js';
import { HeyGenProvider } from './heygen.provider.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { type ModelProvider } from './provider.port.js';
import { SimulatedProvider } from './simulated.provider.js';

/** The adapters of the settings, and what the operator should know of them. */
export interface ConfiguredProviders {
  readonly providers: readonly ModelProvider[];
  readonly warnings: readonly string[];
}

/** What adapters need beside their own settings. */
export interface AdapterParts {
  readonly clock: Clock;
  readonly heygen?: Settings['heygen'];
  readonly simulated?: Settings['simulated'];
}

/** Makes an adapter for each configured provider; with none at all, the simulated one. */
export function configuredProviders(
  settings: readonly ProviderSettings[],
  parts: AdapterParts,
): ConfiguredProviders {
  if (settings.length === 0) {
    const { clock, simulated } = parts;
    return {
      providers: [new SimulatedProvider({ clock, ...(simulated && { videoJobMs: simulated.videoMs }) })],
      warnings: [
        'No provider is configured: every answer is simulated. Set OPENAI_API_KEY, GEMINI_API_KEY, GROQ_API_KEY, ' +
          'HEYGEN_API_KEY or PROVIDER_<NAME>_BASE_URL to have real ones.',
      ],
    };
  }
  const providers = settings.map((one) => adapterOf(one, parts));
  return { providers, warnings: withoutModels(providers) };
}

/** Makes the adapter of one provider. @throws Error where it has no address. */
export function adapterOf(settings: ProviderSettings, { clock, heygen = {} }: AdapterParts): ModelProvider {
  switch (settings.kind) {
    case 'gemini':
      return new GeminiProvider(settings, clock);
    case 'heygen':
      return new HeyGenProvider(settings, heygen);
    case 'openai':
    case 'groq':
    case 'openai_compatible':
      return new OpenAiCompatibleProvider(settings);
  }
}

function withoutModels(providers: readonly ModelProvider[]): string[] {
  return providers
    .filter((provider) => provider.models().length === 0)
    .map(({ name }) => `Provider ${name} serves no model: set PROVIDER_${name.toUpperCase()}_MODELS.`);
}
