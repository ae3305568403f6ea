import { type ProviderSettings } from '../config/index.js';
import { type Clock } from '../rate-limiting/index.js';
import { OpenAiCompatibleProvider } from './openai-compatible.provider.js';
import { type ModelProvider } from './provider.port.js';
import { SimulatedProvider } from './simulated.provider.js';

/** The adapters of the settings, and what the operator should know of them. */
export interface ConfiguredProviders {
  readonly providers: readonly ModelProvider[];
  readonly warnings: readonly string[];
}

/** Makes an adapter for each configured provider; with none at all, the simulated one. */
export function configuredProviders(
  settings: readonly ProviderSettings[],
  clock: Clock,
): ConfiguredProviders {
  if (settings.length === 0) {
    return {
      providers: [new SimulatedProvider({ clock })],
      warnings: [
        'No provider is configured: every answer is simulated. Set OPENAI_API_KEY, GEMINI_API_KEY, GROQ_API_KEY or ' +
          'PROVIDER_<NAME>_BASE_URL to have real ones.',
      ],
    };
  }
  const usable = settings.filter(({ kind }) => kind !== 'heygen');
  const providers = usable.map((one) => new OpenAiCompatibleProvider(one));
  return { providers, warnings: [...unspoken(settings), ...withoutModels(providers)] };
}

function unspoken(settings: readonly ProviderSettings[]): string[] {
  return settings
    .filter(({ kind }) => kind === 'heygen')
    .map(
      ({ name }) =>
        `Provider ${name} is configured, but nothing here can speak to HeyGen yet: it is left out.`,
    );
}

function withoutModels(providers: readonly ModelProvider[]): string[] {
  return providers
    .filter((provider) => provider.models().length === 0)
    .map(({ name }) => `Provider ${name} serves no model: set PROVIDER_${name.toUpperCase()}_MODELS.`);
}
