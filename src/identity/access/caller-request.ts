import { type Principal } from '../principal.js';

/** Why a request has no principal although it presented something. */
export type IdentityFault =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** What the identity guards read of a request, and leave on it. */
export interface CallerRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query?: unknown;
  /** Who is calling, once IdentifyGuard ran; none for a caller who presented nothing, or nothing good. */
  principal?: Principal;
  identityFault?: IdentityFault;
}
