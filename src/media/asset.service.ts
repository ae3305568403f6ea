import { Inject, Injectable } from '@nestjs/common';
import { V7Generator } from 'uuidv7';

import { mapPage, type Page, type PageRequest } from '../identity/index.js';
import { Clock, currentCallContext } from '../rate-limiting/index.js';
import { storable } from '../storable-text.js';

import { type AssetEntity } from './asset.entity.js';
import { AssetLinks } from './asset-links.js';
import {
  AssetStore,
  type AssetSearch,
  type AssetsOfCalls,
  type NewAsset,
  type NewFile,
} from './asset.store.js';
import { type AssetDetails, type KeepInput, type KeepOutcome, type KeptAsset } from './asset.views.js';
import { LocalMediaStore } from './local-media.store.js';
import { type MediaDraft } from './media-draft.js';
import { describeMedia, MAX_MEDIA_BYTES, type MediaDescription, tooLarge } from './media-format.js';
import { MediaUploads } from './media-uploads.js';
import { MEDIA_OPTIONS, type MediaOptions } from './media.options.js';
import { tagsOf } from './prompt-tags.js';

/** How many of a batch are kept at the same time. */
const AT_ONCE = 4;

/** Keeps what was generated, and finds it again. */
@Injectable()
export class AssetService {
  private readonly ids = new V7Generator();

  constructor(
    private readonly assets: AssetStore,
    private readonly disk: LocalMediaStore,
    private readonly uploads: MediaUploads,
    private readonly links: AssetLinks,
    private readonly clock: Clock,
    @Inject(MEDIA_OPTIONS) private readonly options: MediaOptions,
  ) {}

  /**
   * Keeps an output. The same bytes out of the same call are one asset, so that it can be kept again after a crash; out
   * of several calls, of whomever, they are one file, and each call has an asset of it with its own prompt and tags.
   * It is on disk when this resolves, and may be uploaded after.
   * @throws CodedError `provider_failed` for what is no image or video as asked; `internal_error` where it cannot be
   * written; whatever the source of the bytes throws.
   */
  async keep(input: KeepInput): Promise<AssetDetails> {
    const { kind } = input;
    const limit = { maxBytes: MAX_MEDIA_BYTES[kind], tooLarge: () => tooLarge(kind) };
    const draft = await this.disk.draft(input.bytes, limit);
    try {
      const described = await describeMedia(draft, kind);
      const { sha256 } = draft;
      const asset = { ...this.rowOf(input, described), sha256, bytes: draft.bytes };
      const kept = await this.add(asset, this.fileOf(asset, described), draft);
      await this.uploads.send(sha256);
      return this.detailsOf(kept);
    } finally {
      await draft.discard();
    }
  }

  /** Keeps several, each for itself: one that cannot be kept takes no other with it. In the order of `inputs`. */
  async keepAll(inputs: readonly KeepInput[]): Promise<KeepOutcome[]> {
    const outcomes: KeepOutcome[] = [];
    const waiting = inputs.entries();
    const worker = async (): Promise<void> => {
      for (const [at, input] of waiting) outcomes[at] = await this.outcomeOf(input);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return outcomes;
  }

  /** What a user's calls made. */
  async ofCalls(userId: string, calls: AssetsOfCalls): Promise<AssetDetails[]> {
    return (await this.assets.ofCalls(userId, calls)).map((asset) => this.detailsOf(asset));
  }

  /** Nobody is given it any more; its file may be that of others. */
  remove(id: string, of: { userId: string; usageId: string }): Promise<void> {
    return this.assets.remove(id, of);
  }

  /** A user's own assets, the newest first. */
  async search(search: AssetSearch, page: PageRequest): Promise<Page<AssetDetails>> {
    return mapPage(await this.assets.search(search, page), (asset) => this.detailsOf(asset));
  }

  private async outcomeOf(input: KeepInput): Promise<KeepOutcome> {
    try {
      return { kind: 'kept', asset: await this.keep(input) };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  private async add(asset: NewAsset, file: NewFile, draft: MediaDraft): Promise<AssetEntity> {
    const uploadFrom = this.uploads.wanted ? await this.disk.id() : undefined;
    return this.assets.add({ asset, file, uploadFrom }, (path) => this.disk.put(path, draft));
  }

  private fileOf(
    { sha256, kind, bytes, createdAt: keptAt }: NewAsset,
    { extension }: MediaDescription,
  ): NewFile {
    const day = keptAt.toISOString().slice(0, 10).replaceAll('-', '/');
    const path = `${this.options.folder}/${day}/${kind}s/${sha256}.${extension}`;
    return { sha256, kind, path, bytes, keptAt };
  }

  private rowOf(input: KeepInput, { mime, format, width, height, durationSeconds }: MediaDescription) {
    const { userId, kind, provider, model } = input;
    const nowMs = this.clock.now();
    const requestId = input.requestId ?? currentCallContext()?.requestId;
    return {
      ...{ id: this.ids.generateOrResetWithTs(nowMs).toString(), userId, kind, provider, model },
      ...{ mime, format, width, height, tags: tagsOf(input.prompt, input.tags) },
      usageId: input.usageId ?? null,
      durationSeconds: durationSeconds ?? input.durationSeconds ?? null,
      prompt: storable(input.prompt),
      metadata: { ...input.metadata, ...(requestId !== undefined && { requestId }) },
      createdAt: new Date(nowMs),
    };
  }

  private detailsOf(asset: AssetEntity): AssetDetails {
    const { id, width, height, format, bytes, tags } = asset;
    const kept: KeptAsset = { assetId: id, url: this.links.linkTo(id), width, height, format, bytes, tags };
    const { kind, durationSeconds, prompt, provider, model, usageId, createdAt } = asset;
    const requestId = asset.metadata.requestId ?? null;
    return { ...kept, kind, durationSeconds, prompt, provider, model, usageId, requestId, createdAt };
  }
}
