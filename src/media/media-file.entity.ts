import { Column, Entity, PrimaryColumn } from 'typeorm';

import { type AssetKind } from './media-format.js';

/** The bytes of an output, once, however many users have made them. */
@Entity({ name: 'media_file' })
export class MediaFileEntity {
  /** Of the bytes, in hex. */
  @PrimaryColumn({ type: 'text' })
  sha256!: string;

  @Column({ type: 'text' })
  kind!: AssetKind;

  /** Below the store's root: `<MEDIA_FOLDER>/2026/11/21/images/<sha256>.png` */
  @Column({ type: 'text' })
  path!: string;

  @Column({ type: 'integer' })
  bytes!: number;

  @Column({ name: 'kept_at', type: 'timestamptz' })
  keptAt!: Date;

  /** When it came to the store outside; `null` while it is on a disk of ours. */
  @Column({ name: 'uploaded_at', type: 'timestamptz', nullable: true })
  uploadedAt!: Date | null;
}
