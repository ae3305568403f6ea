import { type Soon } from '../../database/index.js';

/** A workspace's own key at a provider, ready to be used. */
export interface OwnKey {
  readonly id: string;
  /** Another one after each change: a key that was replaced need not rest for the one before. */
  readonly version: number;
  /** The provider's name, in lower case. */
  readonly provider: string;
  readonly apiKey: string;
  /** How often it may be used; without one there is no limit of ours. */
  readonly rate?: { readonly calls: number; readonly periodSec: number };
  /** Served beside those that are known, and where a call names none. */
  readonly model?: string;
  readonly apiVersion?: string;
}

/** Who knows the keys of workspaces. */
export abstract class OwnKeys {
  /**
   * The keys of a workspace; the same array while none of them changed. Asked for every call in its name.
   * @throws CodedError where they cannot be read: then the call must not be made with another's key.
   */
  abstract of(workspaceId: string): Soon<readonly OwnKey[]>;
}

/** Where there are no workspaces, as in a command, nobody has a key of their own. */
export class NoOwnKeys extends OwnKeys {
  override of(): readonly OwnKey[] {
    return [];
  }
}
