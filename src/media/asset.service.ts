import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';
import { V7Generator } from 'uuidv7';

import { CodedError } from '../errors.js';
import { mapPage, type Page, type PageRequest } from '../identity/index.js';
import { Clock } from '../rate-limiting/index.js';

import { type AssetEntity } from './asset.entity.js';
import { AssetLinks } from './asset-links.js';
import { AssetStore, type AssetSearch } from './asset.store.js';
import {
  type AssetKind,
  describeMedia,
  type MediaDescription,
  type MediaFormatName,
} from './media-format.js';
import { MediaStore, type OpenMedia } from './media-store.port.js';
import { MEDIA_OPTIONS, type MediaOptions } from './media.options.js';
import { tagsOf } from './prompt-tags.js';

export interface KeepInput {
  readonly userId: string;
  readonly kind: AssetKind;
  readonly bytes: Uint8Array;
  readonly prompt: string;
  readonly provider: string;
  readonly model: string;
  /** The ledger row of the call that made it. */
  readonly usageId?: string | undefined;
  /** Of a video, as its provider tells it. */
  readonly durationSeconds?: number | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A kept output, as the answers of /generate show it. */
export interface KeptAsset {
  readonly assetId: string;
  /** A signed path, good for 24 hours without a header. */
  readonly url: string;
  /** Pixels; `null` for a video. */
  readonly width: number | null;
  readonly height: number | null;
  readonly format: MediaFormatName;
  readonly bytes: number;
  readonly tags: readonly string[];
}

/** A kept output with all that is known of it. */
export interface AssetDetails extends KeptAsset {
  readonly kind: AssetKind;
  readonly durationSeconds: number | null;
  readonly prompt: string;
  readonly provider: string;
  readonly model: string;
  readonly usageId: string | null;
  readonly createdAt: Date;
}

/** An output whose bytes are being read. */
export interface OpenAsset extends OpenMedia {
  readonly mime: string;
  /** For who saves it: `<id>.png` */
  readonly fileName: string;
}

/** Keeps what was generated, and gives it back to whom it belongs. */
@Injectable()
export class AssetService {
  private readonly ids = new V7Generator();

  constructor(
    private readonly assets: AssetStore,
    private readonly media: MediaStore,
    private readonly links: AssetLinks,
    private readonly clock: Clock,
    @Inject(MEDIA_OPTIONS) private readonly options: MediaOptions,
  ) {}

  /**
   * Keeps an output. The same bytes of the same user are one asset, the first; those of several users one file.
   * @throws CodedError `provider_failed` for what is no image or video as asked; `internal_error` where it cannot be
   * written.
   */
  async keep(input: KeepInput): Promise<KeptAsset> {
    const bytes = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, input.bytes.byteLength);
    const described = describeMedia(bytes, input.kind);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file =
      (await this.assets.fileOf(sha256)) ?? this.newFile(input.kind, `${sha256}.${described.extension}`);
    // The file first: a crash between the two leaves a file that nobody names, never a row without its file.
    await this.media.put({ path: file.path, mime: described.mime, bytes });
    const row = this.rowOf(input, described);
    const { folder, path } = file;
    return this.keptAsset(await this.assets.insertOrFind({ ...row, sha256, folder, path }));
  }

  /** A user's own assets, the newest first. */
  async search(search: AssetSearch, page: PageRequest): Promise<Page<AssetDetails>> {
    return mapPage(await this.assets.search(search, page), (asset) => this.detailsOf(asset));
  }

  /** @throws CodedError `not_found`, also for what is another's. */
  async openOwn(id: string, userId: string): Promise<OpenAsset> {
    const asset = await this.assets.find(id);
    if (asset?.userId !== userId) throw unknownAsset(id);
    return this.openFile(asset);
  }

  /**
   * Opens an asset for whoever has a link to it. The link is checked first: a forged one tells nobody what exists.
   * @throws CodedError `forbidden` for a forged or expired link, `not_found`
   */
  async openByLink(id: string, seal: { expires: number; signature: string }): Promise<OpenAsset> {
    this.links.check(id, seal);
    const asset = await this.assets.find(id);
    if (!asset) throw unknownAsset(id);
    return this.openFile(asset);
  }

  private async openFile({ id, path, mime }: AssetEntity): Promise<OpenAsset> {
    const opened = await this.media.open(path);
    if (!opened) throw new CodedError('not_found', `The file of the asset ${id} is no longer there.`);
    return { ...opened, mime, fileName: `${id}${path.slice(path.lastIndexOf('.'))}` };
  }

  private newFile(kind: AssetKind, name: string): { folder: string; path: string } {
    const day = new Date(this.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const folder = `${this.options.folder}/${day}/${kind}s`;
    return { folder, path: `${folder}/${name}` };
  }

  private rowOf(input: KeepInput, { mime, format, width, height }: MediaDescription) {
    const { userId, kind, provider, model } = input;
    const nowMs = this.clock.now();
    return {
      ...{ id: this.ids.generateOrResetWithTs(nowMs).toString(), userId, kind, provider, model },
      ...{ mime, format, width, height, bytes: input.bytes.byteLength, tags: tagsOf(input.prompt) },
      usageId: input.usageId ?? null,
      durationSeconds: input.durationSeconds ?? null,
      // Postgres cannot hold a NUL.
      prompt: input.prompt.replaceAll('\0', ''),
      metadata: { ...input.metadata },
      createdAt: new Date(nowMs),
    };
  }

  private keptAsset({ id, width, height, format, bytes, tags }: AssetEntity): KeptAsset {
    return { assetId: id, url: this.links.linkTo(id), width, height, format, bytes, tags };
  }

  private detailsOf(asset: AssetEntity): AssetDetails {
    const { kind, durationSeconds, prompt, provider, model, usageId, createdAt } = asset;
    return { ...this.keptAsset(asset), kind, durationSeconds, prompt, provider, model, usageId, createdAt };
  }
}

function unknownAsset(id: string): CodedError {
  return new CodedError('not_found', `There is no asset ${id} of yours. GET /assets lists those there are.`);
}
