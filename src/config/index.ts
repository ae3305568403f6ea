export { ConfigModule } from './config.module.js';
export { type EncryptionKey, unnamedKey } from './encryption-keys.js';
export { PROCESS_ROLE, type ProcessRole } from './process-role.js';
export { readEnvironment, readSettings, SETTINGS, type Settings } from './settings.js';
export { KNOWN_PROVIDERS } from './provider-settings.js';
export { type ModelSetting, type ProviderKind, type ProviderSettings } from './provider-settings.js';
