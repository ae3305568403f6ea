export { ConfigModule } from './config.module.js';
export { readEnvironment, readSettings, SETTINGS, type Settings } from './settings.js';
export { type ModelSetting, type ProviderKind, type ProviderSettings } from './provider-settings.js';
