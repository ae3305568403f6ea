import { Injectable } from '@nestjs/common';

import { SqlPool } from '../../database/index.js';
import { type Caller } from '../domain/caller.js';

import { sqlFile } from './sql-file.js';

const MAKER = sqlFile('resource-maker');

/** A thing that a call made at a provider, such as a response that others may continue. */
export interface MadeResource {
  readonly provider: string;
  /** Whether the one who asks made it. */
  readonly own: boolean;
}

/** Finds by the ledger who made what: providers know our account only, and would give anybody's to everybody. */
@Injectable()
export class ResourceMakers {
  constructor(private readonly pool: SqlPool) {}

  /** `undefined` for what no call of the ledger made. */
  async find(resourceId: string, { userId, apiKeyId }: Caller): Promise<MadeResource | undefined> {
    const [row] = await this.pool.query<{ provider: string; own: boolean | null }>(MAKER, [
      resourceId,
      userId ?? null,
      apiKeyId ?? null,
    ]);
    return row && { provider: row.provider, own: row.own === true };
  }
}
