import { type EntityManager } from 'typeorm';

import { CodedError } from '../../errors.js';
import { sqlFile } from '../ledger/sql-file.js';

const KNOWN = sqlFile('known-workspace').text;

/**
 * A workspace is known by its usage, by limits of its own, and by having been registered. Only an id of which there is
 * nothing to reset is unknown: so nobody who keeps memberships elsewhere is kept from a reset.
 * @throws CodedError `not_found`
 */
export async function requireWorkspace(manager: EntityManager, id: string): Promise<void> {
  const [row] = await manager.query<{ known: boolean }[]>(KNOWN, [id]);
  if (row?.known) return;
  throw new CodedError('not_found', `There is no workspace ${id}, and nothing was ever used in its name.`);
}
