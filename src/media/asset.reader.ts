import { Inject, Injectable, Logger } from '@nestjs/common';

import { CodedError } from '../errors.js';

import { type AssetEntity } from './asset.entity.js';
import { AssetLinks } from './asset-links.js';
import { AssetStore } from './asset.store.js';
import { type BytePart, byteRangeOf } from './byte-range.js';
import { LocalMediaStore, type OpenMedia } from './local-media.store.js';
import { CloudFailure, MEDIA_CLOUD, type MediaCloud } from './media-cloud.port.js';
import { type MediaFileEntity } from './media-file.entity.js';
import { MediaUploadStore } from './media-upload.store.js';

/** An output whose bytes are being read. */
export interface OpenAsset extends OpenMedia {
  readonly mime: string;
  /** For who saves it: `<id>.png` */
  readonly fileName: string;
}

/** A file of which a part was asked for that lies behind its end. */
export interface BehindTheEnd {
  readonly kind: 'behind-the-end';
  /** The file's length. */
  readonly bytes: number;
}

/** Gives outputs back to whom they belong. */
@Injectable()
export class AssetReader {
  private readonly logger = new Logger('Media');

  constructor(
    private readonly assets: AssetStore,
    private readonly disk: LocalMediaStore,
    private readonly links: AssetLinks,
    private readonly uploads: MediaUploadStore,
    @Inject(MEDIA_CLOUD) private readonly cloud: MediaCloud | undefined,
  ) {}

  /**
   * Opens an asset for its owner, or the part of it that a `Range` header asks for.
   * @throws CodedError `not_found`, also for what is another's.
   */
  async openOwn(id: string, userId: string, range?: string): Promise<OpenAsset | BehindTheEnd> {
    const asset = await this.assets.find(id);
    if (asset?.userId !== userId) throw unknownAsset(id);
    return this.openFile(asset, range);
  }

  /**
   * Opens an asset for whoever has a link to it. The link is checked first: a forged one tells nobody what exists.
   * @throws CodedError `forbidden` for a forged or expired link, `not_found`
   */
  async openByLink(
    id: string,
    seal: { expires: number; signature: string },
    range?: string,
  ): Promise<OpenAsset | BehindTheEnd> {
    this.links.check(id, seal);
    const asset = await this.assets.find(id);
    if (!asset) throw unknownAsset(id);
    return this.openFile(asset, range);
  }

  private async openFile(
    { id, sha256, mime }: AssetEntity,
    range: string | undefined,
  ): Promise<OpenAsset | BehindTheEnd> {
    const file = await this.assets.fileOf(sha256);
    const part = byteRangeOf(range, file?.bytes ?? 0);
    if (file && part === 'unsatisfiable') return { kind: 'behind-the-end', bytes: file.bytes };
    const opened = file && (await this.openWherever(file, typeof part === 'object' ? part : undefined));
    if (!opened) throw new CodedError('not_found', `The file of the asset ${id} is no longer there.`);
    return { ...opened, mime, fileName: `${id}${extensionOf(file.path)}` };
  }

  private async openWherever(file: MediaFileEntity, part?: BytePart): Promise<OpenMedia | undefined> {
    if (file.uploadedAt) return this.openOutside(file, part);
    const opened = await this.disk.open(file.path, part);
    if (opened) return opened;
    // It may have been uploaded, and removed from here, since the first look.
    const now = await this.assets.fileOf(file.sha256);
    if (now?.uploadedAt) return this.openOutside(now, part);
    if (await this.uploads.waits(file.sha256)) throw away('It is still on the instance that made it');
    return undefined;
  }

  private async openOutside(file: MediaFileEntity, part?: BytePart): Promise<OpenMedia | undefined> {
    if (!this.cloud) throw away('It is in Cloudinary, whose settings this instance has not got');
    try {
      return await this.cloud.open(file, part);
    } catch (error) {
      const why = error instanceof CloudFailure ? error.message : 'unknown fault';
      this.logger.warn({ sha256: file.sha256 }, `${this.cloud.name} did not give an output back: ${why}.`);
      throw away('The store that it is in does not answer');
    }
  }
}

/** How long a client is asked to wait. */
const AWAY_MS = 10_000;

function away(why: string): CodedError {
  const message = `The asset cannot be read right now: ${why}. Try again in ${AWAY_MS / 1000} seconds.`;
  return new CodedError('store_unavailable', message, { retryAfterMs: AWAY_MS });
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.'));
}

function unknownAsset(id: string): CodedError {
  return new CodedError('not_found', `There is no asset ${id} of yours. GET /assets lists those there are.`);
}
