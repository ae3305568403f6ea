import { keptSecret } from '../../database/index.js';

/**
 * The secret that access tokens are signed with: JWT_SECRET, else one that is made once and kept in
 * `<DATA_DIR>/jwt-secret`, readable by us only. Instances on several machines need JWT_SECRET.
 */
export async function jwtSecretOf(input: {
  readonly jwtSecret?: string | undefined;
  readonly dataDir: string;
}): Promise<string> {
  if (input.jwtSecret !== undefined) return input.jwtSecret;
  const { dataDir } = input;
  return keptSecret({ dataDir, file: 'jwt-secret', bytes: 48, setting: 'JWT_SECRET' });
}
