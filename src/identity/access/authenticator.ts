import { Injectable, Logger } from '@nestjs/common';

import { type Soon } from '../../database/index.js';
import { type Caller, Clock } from '../../rate-limiting/index.js';
import { hexHashOfKey } from '../api-keys/api-key.secret.js';
import { ApiKeyStore } from '../api-keys/api-key.store.js';
import { type Principal, principalOf } from '../principal.js';
import { type UserRow } from '../users/user.entity.js';

import { AccessTokens } from './access-tokens.js';
import { CredentialStore, type KnownKey } from './credential.store.js';

/** Who presented a credential, or why it is not taken. */
export type Identification =
  | { readonly kind: 'known'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly why: string };

/** Every access token begins so: `{"` in base64. */
const ACCESS_TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
/** Uses of keys that were noted lately: past this many the list starts anew. */
const MAX_NOTED = 10_000;
const NOTED_FOR_MS = 60_000;

/** Tells who presents an API key or an access token. Expiry is checked each time, whatever is cached. */
@Injectable()
export class Authenticator {
  private readonly logger = new Logger(Authenticator.name);
  private readonly noted = new Map<string, number>();

  constructor(
    private readonly credentials: CredentialStore,
    private readonly tokens: AccessTokens,
    private readonly apiKeys: ApiKeyStore,
    private readonly clock: Clock,
  ) {}

  /** Answers at once where it need not ask. Fails only where the database cannot be asked. */
  identify(credential: string): Soon<Identification> {
    if (ACCESS_TOKEN.test(credential)) return this.byToken(credential);
    const key = this.credentials.key(hexHashOfKey(credential));
    return key instanceof Promise ? key.then((found) => this.byKey(found)) : this.byKey(key);
  }

  /**
   * Whether who called before could do so now, with the API key that was used then: for work that goes on when the call has
   * ended. Fails only where the database cannot be asked.
   */
  async identifyAgain({ userId, apiKeyId }: Caller): Promise<Identification> {
    if (apiKeyId !== undefined) {
      const key = await this.credentials.keyWithId(apiKeyId);
      return key ? this.byKnownKey(key) : refused('The API key is not known any more.');
    }
    const user = userId === undefined ? undefined : await this.credentials.user(userId);
    return user ? identified(user, principalOf(user)) : refused('The user is not known any more.');
  }

  private async byToken(token: string): Promise<Identification> {
    const read = await this.tokens.read(token);
    if (read.kind === 'expired')
      return refused(`The access token expired at ${read.at.toISOString()}. Log in again.`);
    const user = read.kind === 'valid' ? await this.credentials.user(read.userId) : undefined;
    if (!user)
      return refused('The access token is not one of ours, or its secret was changed. Log in again.');
    return identified(user, principalOf(user));
  }

  private byKey(key: KnownKey | undefined): Identification {
    if (!key) return refused('The API key is unknown. Check that it was copied whole, and for this server.');
    if (this.faultOf(key) === undefined) this.note(key.id);
    return this.byKnownKey(key);
  }

  private byKnownKey(key: KnownKey): Identification {
    const fault = this.faultOf(key);
    return fault === undefined ? identified(key.user, key.principal) : refused(fault);
  }

  private faultOf({ revokedAt, expiresAt }: KnownKey): string | undefined {
    if (revokedAt) return `The API key was revoked at ${revokedAt.toISOString()}. Use another one.`;
    if (expiresAt && expiresAt.getTime() <= this.clock.now())
      return `The API key expired at ${expiresAt.toISOString()}. Make a new one.`;
    return undefined;
  }

  /** Nobody waits for this: a call must not be slower, or fail, for a timestamp. */
  private note(keyId: string): void {
    const nowMs = this.clock.now();
    if (nowMs - (this.noted.get(keyId) ?? 0) < NOTED_FOR_MS) return;
    if (this.noted.size >= MAX_NOTED) this.noted.clear();
    this.noted.set(keyId, nowMs);
    this.apiKeys.touch(keyId, nowMs).catch((error: unknown) => {
      this.logger.debug({ err: error, apiKeyId: keyId }, 'The last use of an API key was not noted.');
    });
  }
}

function identified(user: UserRow, principal: Principal): Identification {
  if (user.status === 'disabled')
    return refused('This account is disabled. Ask the operator to enable it again.');
  return { kind: 'known', principal };
}

function refused(why: string): Identification {
  return { kind: 'refused', why };
}
