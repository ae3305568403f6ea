import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { readSql } from '../database/index.js';

import { type AssetEntity } from './asset.entity.js';
import { type MediaFileEntity } from './media-file.entity.js';

/** An upload that was taken: the file, and the asset that tells what it is. */
export type TakenUpload = Pick<MediaFileEntity, 'sha256' | 'kind' | 'path' | 'bytes' | 'uploadedAt'> &
  Pick<AssetEntity, 'tags' | 'prompt' | 'provider' | 'model' | 'usageId' | 'metadata' | 'createdAt'> & {
    /** This one among them. */
    readonly attempts: number;
  };

const FOLDER = join(__dirname, 'sql');
const TAKE = readSql({ scope: 'media', folder: FOLDER, file: 'take-upload' });
const DONE = readSql({ scope: 'media', folder: FOLDER, file: 'upload-done' });
const FAILED = readSql({ scope: 'media', folder: FOLDER, file: 'upload-failed' });

/** The table of what has yet to come from a disk to the store outside. */
@Injectable()
export class MediaUploadStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The next one of a disk that is due, or that of one file; nobody else gets it before its next attempt is due. */
  async take(of: { disk: string; nowMs: number; sha256?: string }): Promise<TakenUpload | undefined> {
    const values = [of.disk, new Date(of.nowMs), of.sha256 ?? null];
    const [taken] = await this.dataSource.query<TakenUpload[]>(TAKE.text, values);
    return taken;
  }

  async done(of: { sha256: string; disk: string; nowMs: number }): Promise<void> {
    await this.dataSource.query(DONE.text, [of.sha256, of.disk, new Date(of.nowMs)]);
  }

  /** Puts the next attempt off. */
  async failed(of: { sha256: string; disk: string; nowMs: number; why: string }): Promise<void> {
    await this.dataSource.query(FAILED.text, [of.sha256, of.disk, new Date(of.nowMs), of.why]);
  }

  /** Whether a file waits on some disk, this one or another's. */
  async waits(sha256: string): Promise<boolean> {
    const rows = await this.dataSource.query<object[]>(
      'SELECT 1 FROM media_upload WHERE sha256 = $1 LIMIT 1',
      [sha256],
    );
    return rows.length > 0;
  }
}
