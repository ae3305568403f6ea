import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import { KeyRing } from './key-ring.js';
import { placeOf } from './provider-key.drafts.js';
import { ProviderKeyStore } from './provider-key.store.js';

/** Encrypts anew, at start, what was encrypted with a key that is not the first of ENCRYPTION_KEY any more. */
@Injectable()
export class KeyRotation implements OnApplicationBootstrap {
  private readonly logger = new Logger('ProviderKeys');

  constructor(
    private readonly keys: ProviderKeyStore,
    private readonly ring: KeyRing,
  ) {}

  /** Several instances may do it at once. What no key opens stays as it is, and is told. */
  async onApplicationBootstrap(): Promise<void> {
    const { currentId = '' } = this.ring;
    const rows = await this.keys.sealedOtherwise(currentId);
    let done = 0;
    for (const row of rows) {
      try {
        const place = placeOf(row);
        await this.keys.reseal(row, this.ring.seal(this.ring.open(row, place), place));
        done++;
      } catch (error) {
        this.logger.error({ err: error, providerKey: row.id }, 'A provider key cannot be encrypted anew.');
      }
    }
    if (done > 0) this.logger.log(`${done} provider keys are encrypted with the key ${currentId} now.`);
  }
}
