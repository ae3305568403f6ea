import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a key's owner says of it. */
export interface ProviderKeyConfig {
  /** What a call that names no model is served by with this key; it is served beside those that are known. */
  readonly model?: string;
  /** Sent as `api-version` to a server of the kind `openai_compatible`. */
  readonly api_version?: string;
}

/** A workspace's own key at a provider, encrypted. */
@Entity({ name: 'provider_keys' })
export class ProviderKeyEntity {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'workspace_id', type: 'text' })
  workspaceId!: string;

  @Column({ type: 'text' })
  provider!: string;

  @Column({ type: 'bytea' })
  sealed!: Buffer;

  @Column({ name: 'encryption_key_id', type: 'text' })
  encryptionKeyId!: string;

  @Column({ name: 'last_four', type: 'text' })
  lastFour!: string;

  /** Calls in a period; with `null` it has no limit. */
  @Column({ name: 'rate_limit', type: 'integer', nullable: true })
  rateLimit!: number | null;

  @Column({ name: 'rate_limit_period_sec', type: 'integer', nullable: true })
  rateLimitPeriodSec!: number | null;

  @Column({ type: 'jsonb' })
  config!: ProviderKeyConfig;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

/** A key’s row as it is made and passed on. */
export type ProviderKeyRow = Pick<ProviderKeyEntity, keyof ProviderKeyEntity>;
