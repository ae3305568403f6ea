import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FixedSettings } from './fixed-settings.js';
import { groupSettings } from './group-settings.js';
import { type Settings } from './grouped-settings.js';
import { isProviderName, readProviders } from './provider-settings.js';

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
  const { providers, names, faults: ofProviders } = readProviders(given);
  const issues = fixed.success ? [] : fixed.error.issues;
  const faults = [
    ...issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`),
    ...ofProviders,
    ...orderFaults(given, names),
    ...togetherFaults(given),
  ];
  return fixed.success && faults.length === 0
    ? { settings: groupSettings(fixed.data, providers) }
    : { faults };
}

function withoutEmpty(environment: Environment): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const text = value?.trim();
    if (text !== undefined && text !== '') given[name] = text;
  }
  return given;
}

/** Told also where other settings are wrong; a list that cannot be read has a fault of its own. */
function orderFaults({ PROVIDER_ORDER }: Environment, names: readonly string[]): string[] {
  const order = FixedSettings.shape.PROVIDER_ORDER.safeParse(PROVIDER_ORDER);
  const unknown = (order.data ?? []).filter((name) => !isProviderName(name, names));
  return unknown.map(
    (name) =>
      `PROVIDER_ORDER: there is no provider ${JSON.stringify(name)}; it takes names that are configured`,
  );
}

/** What is missing in view of what is set. */
function togetherFaults(given: Environment): string[] {
  const cloudinary = ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'];
  const missing = cloudinary.filter((name) => given[name] === undefined);
  const faults = missing.map(
    (name) => `${name}: not set; it takes a value when the other CLOUDINARY_ settings have one`,
  );
  return [...(missing.length < cloudinary.length ? faults : []), ...unsignedWebhook(given)];
}

/** A receiver could not tell an unsigned notification from anybody else's. */
function unsignedWebhook(given: Environment): string[] {
  if (given.NOTIFICATION_WEBHOOK_URL === undefined || given.NOTIFICATION_WEBHOOK_SECRET !== undefined)
    return [];
  return [
    'NOTIFICATION_WEBHOOK_SECRET: not set; it takes at least 16 characters when NOTIFICATION_WEBHOOK_URL is set, since every notification is signed',
  ];
}
