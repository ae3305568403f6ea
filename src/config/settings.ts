import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FixedSettings, type FixedValues } from './fixed-settings.js';
import { groupSettings, type Settings } from './grouped-settings.js';
import { isProviderName, readProviders, type ProviderSettings } from './provider-settings.js';

export { type Settings } from './grouped-settings.js';
export { type ModelSetting, type ProviderKind, type ProviderSettings } from './provider-settings.js';

/** Injection token of the Settings. */
export const SETTINGS = Symbol('SETTINGS');

export type SettingsRead = { readonly settings: Settings } | { readonly faults: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the environment, and `.env` of the working folder where there is one; the real environment wins. */
export function readEnvironment(): SettingsRead {
  const file = join(process.cwd(), '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  return readSettings(process.env);
}

/** The settings, or every fault of the environment: `NAME: what is wrong; what it takes`. An empty value is an unset one. */
export function readSettings(environment: Environment): SettingsRead {
  const given = withoutEmpty(environment);
  const fixed = FixedSettings.safeParse(given);
  const { providers, faults } = readProviders(given);
  if (!fixed.success) {
    return {
      faults: [...fixed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`), ...faults],
    };
  }
  const all = [...faults, ...togetherFaults(fixed.data, providers)];
  return all.length > 0 ? { faults: all } : { settings: groupSettings(fixed.data, providers) };
}

function withoutEmpty(environment: Environment): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim();
    if (text !== undefined && text !== '') given[name] = text;
  }
  return given;
}

/** What is wrong only in view of other settings. */
function togetherFaults(values: FixedValues, providers: readonly ProviderSettings[]): string[] {
  const faults = values.PROVIDER_ORDER.filter((name) => !isProviderName(name, providers)).map(
    (name) =>
      `PROVIDER_ORDER: there is no provider ${JSON.stringify(name)}; it takes names that are configured`,
  );
  const cloudinary = ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'] as const;
  const missing = cloudinary.filter((name) => values[name] === undefined);
  if (missing.length === cloudinary.length) return faults;
  return [
    ...faults,
    ...missing.map(
      (name) => `${name}: not set; it takes a value when the other CLOUDINARY_ settings have one`,
    ),
  ];
}
