import { Injectable } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { type Caller } from '../domain/caller.js';

import { sqlFile } from './sql-file.js';

const MAKER = sqlFile('resource-maker');

/** A thing that a call made at a provider, such as a response that others may continue. */
export interface MadeResource {
  readonly provider: string;
  /** The workspace's own key that it was made with; the operator's where there is none. */
  readonly providerKeyId?: string;
  /** Whether the one who asks made it. */
  readonly own: boolean;
}

interface MakerRow extends Record<string, unknown> {
  readonly provider: string;
  readonly key_id: string | null;
  readonly own: boolean | null;
}

/** Finds by the ledger who made what: providers know our account only, and would give anybody's to everybody. */
@Injectable()
export class ResourceMakers {
  constructor(private readonly pool: SqlPool) {}

  /** `undefined` for what no call of the ledger made. */
  async find(resourceId: string, { userId, apiKeyId }: Caller): Promise<MadeResource | undefined> {
    // PostgreSQL has no text with a NUL in it, so it made none.
    if (resourceId.includes('\0')) return undefined;
    const [row] = await this.pool.query<MakerRow>(MAKER, [resourceId, userId ?? null, apiKeyId ?? null]);
    if (!row) return undefined;
    const { provider, key_id: keyId, own } = row;
    return { provider, own: own === true, ...(keyId !== null && { providerKeyId: keyId }) };
  }
}
