import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { hashOfKey } from '../api-keys/api-key.secret.js';
import { ApiKeyStore } from '../api-keys/api-key.store.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { type OpenChange, RecordedChanges } from '../audit/recorded-changes.store.js';
import { type UserRow } from '../users/user.entity.js';
import { UserStore } from '../users/user.store.js';

import { BootstrapUser } from './bootstrap-user.js';

const BY_BOOTSTRAP = { actor: { id: null, label: 'bootstrap' } };
const FROM_ENVIRONMENT = 'BOOTSTRAP_ADMIN_KEY';
const FIRST_KEY = 'first start';

/**
 * Sees to it at start that somebody can administer: with BOOTSTRAP_ADMIN_KEY that key is an admin's; without it, and
 * with no admin yet, one is made and its key printed once. Several instances may do this at once, and again.
 */
@Injectable()
export class AdminBootstrap implements OnApplicationBootstrap {
  private readonly logger = new Logger(AdminBootstrap.name);

  constructor(
    private readonly user: BootstrapUser,
    private readonly users: UserStore,
    private readonly keys: ApiKeyStore,
    private readonly apiKeys: ApiKeysService,
    private readonly changes: RecordedChanges,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { bootstrapAdminKey } = this.settings.auth;
    const printed = await this.changes.run(BY_BOOTSTRAP, async (change) => {
      const admins = await this.users.lockAdmins(change.manager);
      if (bootstrapAdminKey !== undefined) return this.adopt(change, bootstrapAdminKey);
      return admins > 0 ? undefined : this.makeFirst(change);
    });
    if (printed !== undefined) print(printed);
  }

  private async makeFirst(change: OpenChange): Promise<string> {
    const { id } = await this.user.ensureAdmin(change);
    return (await this.apiKeys.createWithin(change, { userId: id, name: FIRST_KEY })).key;
  }

  /** A key that is there already is left as it is: a restart must not undo its revocation. */
  private async adopt(change: OpenChange, key: string): Promise<undefined> {
    const known = await this.keys.findByHash(change.manager, hashOfKey(key));
    if (known) {
      this.warnIfUseless(known.revokedAt, known.user);
      return undefined;
    }
    const { id: userId } = await this.user.ensureAdmin(change);
    await this.revokeFormer(change, userId);
    await this.apiKeys.createWithin(change, { userId, name: FROM_ENVIRONMENT, key });
    return undefined;
  }

  /** The environment holds one key: whoever changes it wants the former one dead. */
  private async revokeFormer(change: OpenChange, userId: string): Promise<void> {
    const former = await this.keys.liveNamed(change.manager, { userId, name: FROM_ENVIRONMENT });
    for (const { id } of former)
      await this.apiKeys.revokeWithin(change, await this.keys.lock(change.manager, id));
  }

  private warnIfUseless(revokedAt: Date | null, user: UserRow | undefined): void {
    if (!revokedAt && user?.role === 'admin' && user.status === 'active') return;
    this.logger.warn(
      'BOOTSTRAP_ADMIN_KEY was revoked, or its user is no active admin any more: it is left so. Set another key to get in.',
    );
  }
}

/** To stdout and not to the log: the log is kept and read by others. */
function print(key: string): void {
  process.stdout.write(
    `\nNo admin existed, so one was made. Its API key is shown this once; keep it:\n\n  export CUOTA_KEY=${key}\n\n`,
  );
}
