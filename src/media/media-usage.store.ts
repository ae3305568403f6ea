import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { readSql } from '../database/index.js';

import { type CloudUsage } from './media-cloud.port.js';

/** What is kept, each content once, and what of it waits for the store outside. */
export interface MediaSums {
  readonly images: number;
  readonly imageBytes: number;
  readonly videos: number;
  readonly videoBytes: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly oldestWaiting: Date | null;
  /** Why the last of them that failed did. */
  readonly failure: string | null;
}

/** When a store's room was looked at, and what it was. */
export interface MediaCheck {
  readonly checkedAt: Date;
  readonly usage: CloudUsage;
}

const FOLDER = join(__dirname, 'sql');
const SUMS = readSql({ scope: 'media', folder: FOLDER, file: 'media-sums' });
const CLAIM = readSql({ scope: 'media', folder: FOLDER, file: 'claim-check' });
const NOTE = 'UPDATE media_check SET checked_at = $2, usage = $3 WHERE store = $1';
const LAST = `
  SELECT checked_at AS "checkedAt", usage FROM media_check WHERE store = $1 AND checked_at IS NOT NULL`;

/** How much is kept, and how much room there is. */
@Injectable()
export class MediaUsageStore {
  constructor(private readonly dataSource: DataSource) {}

  async sums(): Promise<MediaSums> {
    const [row] = await this.dataSource.query<MediaSums[]>(SUMS.text);
    if (!row) throw new Error('media-sums.sql gave no row.');
    return row;
  }

  /** @returns whether the one who asks is to look now: one of all instances, once in `everyMs`. */
  async claim(store: string, nowMs: number, everyMs: number): Promise<boolean> {
    const values = [store, new Date(nowMs), new Date(nowMs + everyMs)];
    return (await this.dataSource.query<object[]>(CLAIM.text, values)).length > 0;
  }

  async note(store: string, nowMs: number, usage: CloudUsage): Promise<void> {
    await this.dataSource.query(NOTE, [store, new Date(nowMs), JSON.stringify(usage)]);
  }

  async last(store: string): Promise<MediaCheck | undefined> {
    const [row] = await this.dataSource.query<MediaCheck[]>(LAST, [store]);
    return row;
  }
}
