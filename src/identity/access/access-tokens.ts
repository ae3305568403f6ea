import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';

import { Clock, userId, type UserId } from '../../rate-limiting/index.js';

/** How long a login holds. A disabled user is out at once all the same: the user is looked up at each call. */
const LIFETIME_SEC = 12 * 3600;

export interface AccessToken {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** What a presented token turned out to be. */
export type ReadToken =
  | { readonly kind: 'valid'; readonly userId: UserId }
  | { readonly kind: 'expired'; readonly at: Date }
  | { readonly kind: 'forged' };

/** The access tokens of /auth/login: JWTs signed with HS256. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly clock: Clock,
  ) {}

  async issue(user: UserId): Promise<AccessToken> {
    const iat = Math.floor(this.clock.now() / 1000);
    const accessToken = await this.jwt.signAsync({ sub: user, iat, exp: iat + LIFETIME_SEC });
    return { accessToken, expiresIn: LIFETIME_SEC };
  }

  async read(token: string): Promise<ReadToken> {
    const claims = await this.verified(token);
    if (!claims) return { kind: 'forged' };
    if (claims.exp * 1000 <= this.clock.now()) return { kind: 'expired', at: new Date(claims.exp * 1000) };
    return { kind: 'valid', userId: userId(claims.sub) };
  }

  private async verified(token: string): Promise<{ sub: string; exp: number } | undefined> {
    try {
      // The expiry is compared by `read`, with the injected clock.
      const claims: unknown = await this.jwt.verifyAsync(token, { ignoreExpiration: true });
      return isClaims(claims) ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

function isClaims(claims: unknown): claims is { sub: string; exp: number } {
  if (typeof claims !== 'object' || claims === null) return false;
  return (
    'sub' in claims && typeof claims.sub === 'string' && 'exp' in claims && typeof claims.exp === 'number'
  );
}
