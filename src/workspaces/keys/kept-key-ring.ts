import { type Settings, unnamedKey } from '../../config/index.js';
import { keptSecret } from '../../database/index.js';

import { KeyRing } from './key-ring.js';

/** Instances on several machines have one database and must have one key: only the embedded one comes with a key of its own. */
export async function keyRingOf({ auth, stores }: Pick<Settings, 'auth' | 'stores'>): Promise<KeyRing> {
  if (auth.encryptionKeys.length > 0 || stores.databaseUrl !== undefined)
    return new KeyRing(auth.encryptionKeys);
  const { dataDir } = stores;
  const kept = await keptSecret({ dataDir, file: 'encryption-key', bytes: 32, setting: 'ENCRYPTION_KEY' });
  return new KeyRing([unnamedKey(Buffer.from(kept, 'base64url'))]);
}
