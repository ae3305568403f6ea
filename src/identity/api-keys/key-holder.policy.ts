import { Injectable } from '@nestjs/common';

import { CodedError } from '../../errors.js';
import { RateLimitStore } from '../../rate-limiting/index.js';
import { type Principal } from '../principal.js';

import { ApiKeyStore } from './api-key.store.js';

/** What the holder of an API key may do with the keys of its user. */
@Injectable()
export class KeyHolderPolicy {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly limits: RateLimitStore,
  ) {}

  /**
   * A key that was lent out with a limit or an end must not beget one without.
   * @throws CodedError `forbidden`
   */
  async assertMayCreate({ apiKeyId }: Principal): Promise<void> {
    if (apiKeyId === undefined) return;
    const own = await this.limits.find('apiKey', apiKeyId);
    const { expiresAt } = await this.keys.get(apiKeyId);
    if (!expiresAt && !own?.isActive) return;
    throw new CodedError(
      'forbidden',
      'This API key expires or has limits of its own, so it cannot make keys without them. Log in, or use another key.',
    );
  }
}
