import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';

import { type Page, pageOf, type PageRequest } from '../identity/index.js';

import { AssetEntity } from './asset.entity.js';
import { MediaFileEntity } from './media-file.entity.js';

/** Which of a user's assets; what is left out does not matter. */
export interface AssetSearch {
  readonly userId: string;
  readonly tag?: string | undefined;
  /** A day in UTC: `2026-11-21`. */
  readonly date?: string | undefined;
  /** A part of the prompt, in whatever case. */
  readonly q?: string | undefined;
}

/** Which assets belong to calls: those that were made in them, and those named, which a video's job knows by their ids. */
export interface AssetsOfCalls {
  readonly usageIds: readonly string[];
  readonly ids: readonly string[];
}

/** A row before it is one. */
export type NewAsset = Pick<AssetEntity, keyof AssetEntity>;

/** A file before it has its place: it gets this one unless its bytes are somewhere already. */
export type NewFile = Omit<MediaFileEntity, 'uploadedAt'>;

export interface AddInput {
  readonly asset: NewAsset;
  readonly file: NewFile;
  /** The disk from which it has to come to the store outside, where there is one. */
  readonly uploadFrom?: string | undefined;
}

const WANT_UPLOAD = `
  INSERT INTO media_upload (sha256, disk, next_attempt_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;

const DAY_MS = 24 * 3_600_000;

/** The tables of assets and of their files. */
@Injectable()
export class AssetStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string): Promise<AssetEntity | undefined> {
    return (await this.dataSource.manager.findOneBy(AssetEntity, { id })) ?? undefined;
  }

  /** Where the bytes of a hash are. */
  async fileOf(sha256: string): Promise<MediaFileEntity | undefined> {
    return (await this.dataSource.manager.findOneBy(MediaFileEntity, { sha256 })) ?? undefined;
  }

  /** A user's assets of these calls, or of these ids; the oldest first. */
  ofCalls(userId: string, { usageIds, ids }: AssetsOfCalls): Promise<AssetEntity[]> {
    const where = [
      { userId, usageId: In(usageIds) },
      { userId, id: In(ids) },
    ];
    return this.dataSource.manager.find(AssetEntity, { where, order: { id: 'ASC' } });
  }

  /** Forgets a user's asset that this call made. */
  async remove(id: string, { userId, usageId }: { userId: string; usageId: string }): Promise<void> {
    await this.dataSource.manager.delete(AssetEntity, { id, userId, usageId });
  }

  /**
   * Adds an asset, and gives the one that stands: the call's first with these bytes. `place` puts the file where it
   * belongs, unless it is outside already, before anything is committed: a crash leaves a file that nobody names, never a row without its file.
   */
  add({ asset, file, uploadFrom }: AddInput, place: (path: string) => Promise<void>): Promise<AssetEntity> {
    return this.dataSource.transaction(async (manager) => {
      const { sha256: content, path, uploadedAt } = await takeFile(manager, file);
      if (!uploadedAt) {
        await place(path);
        if (uploadFrom !== undefined)
          await manager.query(WANT_UPLOAD, [content, uploadFrom, asset.createdAt]);
      }
      await manager.createQueryBuilder().insert().into(AssetEntity).values(asset).orIgnore().execute();
      const { userId, sha256, usageId } = asset;
      return manager.findOneByOrFail(AssetEntity, { userId, sha256, usageId: usageId ?? IsNull() });
    });
  }

  /** The newest first. */
  async search({ userId, tag, date, q }: AssetSearch, page: PageRequest): Promise<Page<AssetEntity>> {
    const query = this.dataSource.manager.createQueryBuilder(AssetEntity, 'a').orderBy('a.id', 'DESC');
    query.where('a.user_id = :userId', { userId });
    if (tag !== undefined) query.andWhere('a.tags @> ARRAY[:tag]::text[]', { tag });
    if (q !== undefined) query.andWhere('strpos(lower(a.prompt), lower(:q)) > 0', { q });
    if (date !== undefined) {
      const from = new Date(date);
      const to = new Date(from.getTime() + DAY_MS);
      query.andWhere('a.created_at >= :from AND a.created_at < :to', { from, to });
    }
    if (page.after !== undefined) query.andWhere('a.id < :after', { after: page.after });
    return pageOf(await query.limit(page.limit + 1).getMany(), page.limit);
  }
}

/** The file of these bytes, of whomever it is, locked until the transaction ends: nobody says meanwhile that it is elsewhere. */
async function takeFile(manager: EntityManager, file: NewFile): Promise<MediaFileEntity> {
  await manager.createQueryBuilder().insert().into(MediaFileEntity).values(file).orIgnore().execute();
  const lock = { mode: 'pessimistic_write' } as const;
  return manager.findOneOrFail(MediaFileEntity, { where: { sha256: file.sha256 }, lock });
}
