import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type AssetKind, type MediaFormatName } from './media-format.js';

/** What else is known of an output; whoever has it kept may add to it. */
export interface AssetMetadata {
  readonly requestId?: string;
}

/** An output of a user's: what it is and how it came to be. Its bytes are a MediaFileEntity. */
@Entity({ name: 'asset' })
export class AssetEntity {
  /** UUIDv7. */
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'user_id', type: 'text' })
  userId!: string;

  /** The ledger row of the call that made it. */
  @Column({ name: 'usage_id', type: 'text', nullable: true })
  usageId!: string | null;

  @Column({ type: 'text' })
  kind!: AssetKind;

  /** Of the bytes, in hex. */
  @Column({ type: 'text' })
  sha256!: string;

  @Column({ type: 'text' })
  mime!: string;

  @Column({ type: 'text' })
  format!: MediaFormatName;

  @Column({ type: 'integer', nullable: true })
  width!: number | null;

  @Column({ type: 'integer', nullable: true })
  height!: number | null;

  @Column({ type: 'integer' })
  bytes!: number;

  @Column({ name: 'duration_seconds', type: 'double precision', nullable: true })
  durationSeconds!: number | null;

  @Column({ type: 'text', array: true })
  tags!: string[];

  @Column({ type: 'text' })
  prompt!: string;

  @Column({ type: 'text' })
  provider!: string;

  @Column({ type: 'text' })
  model!: string;

  @Column({ type: 'jsonb' })
  metadata!: AssetMetadata;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
