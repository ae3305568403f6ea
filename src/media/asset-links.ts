import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { CodedError } from '../errors.js';
import { type Clock } from '../rate-limiting/index.js';

const LIFETIME_SEC = 24 * 3600;

/** What a link carries besides the asset's id. */
export interface LinkSeal {
  /** Unix seconds. */
  readonly expires: number;
  /** HMAC-SHA256 in base64url. */
  readonly signature: string;
}

/** Links to assets that work without a header, so that an <img> can show one: signed, and good for 24 hours. */
export class AssetLinks {
  private readonly key: Buffer;

  /** The key is derived from `secret`, so that a link's signature is of no use for anything else signed with it. */
  constructor(
    secret: string,
    private readonly clock: Clock,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'cuota asset links', 32));
  }

  /** `/assets/<id>?expires&signature` */
  linkTo(assetId: string): string {
    const expires = Math.floor(this.clock.now() / 1000) + LIFETIME_SEC;
    const signature = this.sign(assetId, expires).toString('base64url');
    return `/assets/${assetId}?expires=${expires}&signature=${signature}`;
  }

  /** @throws CodedError `forbidden` for a seal that is not ours, or no longer good. */
  check(assetId: string, { expires, signature }: LinkSeal): void {
    const presented = Buffer.from(signature, 'base64url');
    const expected = this.sign(assetId, expires);
    if (presented.length !== expected.length || !timingSafeEqual(presented, expected))
      throw new CodedError(
        'forbidden',
        'The link is not one of ours, or was changed. Use it as it was given out.',
      );
    if (expires * 1000 > this.clock.now()) return;
    const at = new Date(expires * 1000).toISOString();
    throw new CodedError(
      'forbidden',
      `The link expired at ${at}. Its owner gets a new one from GET /assets.`,
    );
  }

  private sign(assetId: string, expires: number): Buffer {
    return createHmac('sha256', this.key).update(`${assetId}\n${expires}`).digest();
  }
}
