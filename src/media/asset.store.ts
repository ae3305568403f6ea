import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { type Page, pageOf, type PageRequest } from '../identity/index.js';

import { AssetEntity } from './asset.entity.js';

/** Which of a user's assets; what is left out does not matter. */
export interface AssetSearch {
  readonly userId: string;
  readonly tag?: string | undefined;
  /** A day in UTC: `2026-11-21`. */
  readonly date?: string | undefined;
  /** A part of the prompt, in whatever case. */
  readonly q?: string | undefined;
}

/** A row before it is one. */
export type NewAsset = Pick<AssetEntity, keyof AssetEntity>;

const DAY_MS = 24 * 3_600_000;

/** The table of assets. */
@Injectable()
export class AssetStore {
  constructor(private readonly dataSource: DataSource) {}

  async find(id: string): Promise<AssetEntity | undefined> {
    return (await this.dataSource.manager.findOneBy(AssetEntity, { id })) ?? undefined;
  }

  /** Where bytes of this hash are kept already, for whomever. */
  async fileOf(sha256: string): Promise<{ folder: string; path: string } | undefined> {
    const order = { id: 'ASC' } as const;
    return (await this.dataSource.manager.findOne(AssetEntity, { where: { sha256 }, order })) ?? undefined;
  }

  /** Adds an asset, and gives the one that stands: the user's first with these bytes. */
  async insertOrFind(asset: NewAsset): Promise<AssetEntity> {
    const { manager } = this.dataSource;
    await manager.createQueryBuilder().insert().into(AssetEntity).values(asset).orIgnore().execute();
    const { userId, sha256 } = asset;
    return manager.findOneByOrFail(AssetEntity, { userId, sha256 });
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
