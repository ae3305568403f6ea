import { Injectable } from '@nestjs/common';

import { CodedError, validationFailed } from '../../errors.js';
import { mapPage, type Page, pageOf, type PageRequest } from '../../identity/index.js';
import { type AssetDetails, AssetService } from '../../media/index.js';
import {
  Ledger,
  reservationId,
  type UsageEntry,
  type UsageStatus,
  type UserId,
  UserRowsStore,
} from '../../rate-limiting/index.js';
import { type VideoJob, VideoJobStore } from '../videos/video-job.store.js';
import { type GenerationStatus, STATUS_OF, VIDEO_STAGES } from '../videos/video-stage.js';

import { type Generated, GENERATED, type GenerationDto } from './generation.dto.js';
import { jobView, rowView, STATUS_OF_ROW } from './generation.view.js';

/** Which of a user's generations; what is left out does not matter. */
export interface GenerationSearch {
  readonly operation?: Generated | undefined;
  readonly status?: GenerationStatus | undefined;
}

type Found = { readonly id: string } & ({ readonly job: VideoJob } | { readonly row: UsageEntry });

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const USAGE_STATUSES: readonly UsageStatus[] = ['settled', 'expired', 'failed_after_output'];
/** Of videos their jobs tell. */
const OUT_OF_LEDGER: readonly string[] = GENERATED.filter((operation) => operation !== 'video_generation');

/** What a user had made: videos from their jobs, all else from the ledger, so that no call writes anything for it. */
@Injectable()
export class GenerationHistory {
  constructor(
    private readonly jobs: VideoJobStore,
    private readonly rows: UserRowsStore,
    private readonly ledger: Ledger,
    private readonly assets: AssetService,
  ) {}

  /** @throws CodedError `not_found`, also for what is another's, or failed without a cost. */
  async find(id: string, userId: UserId): Promise<GenerationDto> {
    const found = UUID.test(id) ? await this.findOwn(id, userId) : undefined;
    if (!found) throw new CodedError('not_found', `There is no generation ${id} of yours.`);
    return viewOf(found, await this.assetsOf(userId, [found]));
  }

  /** The newest first. */
  async search(userId: UserId, search: GenerationSearch, page: PageRequest): Promise<Page<GenerationDto>> {
    if (page.after !== undefined && !UUID.test(page.after)) {
      throw validationFailed([{ path: 'cursor', message: 'is not a cursor of this list' }]);
    }
    const [jobs, rows] = await Promise.all([
      this.jobsOf(userId, search, page),
      this.rowsOf(userId, search, page),
    ]);
    const all = [...jobs.map((job) => ({ id: job.id, job })), ...rows.map((row) => ({ id: row.id, row }))];
    const found: Page<Found> = pageOf(
      all.sort((a, b) => (a.id < b.id ? 1 : -1)),
      page.limit,
    );
    const assets = await this.assetsOf(userId, found.items);
    return mapPage(found, (one) => viewOf(one, assets));
  }

  private async findOwn(id: string, userId: UserId): Promise<Found | undefined> {
    const job = await this.jobs.find(id, userId);
    if (job) return { id, job };
    const row = await this.ledger.find(reservationId(id));
    const own = row?.caller.userId === userId && OUT_OF_LEDGER.includes(row.operation);
    return own ? { id, row } : undefined;
  }

  private async jobsOf(userId: UserId, { operation, status }: GenerationSearch, page: PageRequest) {
    if (operation !== undefined && operation !== 'video_generation') return [];
    const stages = VIDEO_STAGES.filter((stage) => status === undefined || STATUS_OF[stage] === status);
    return this.jobs.newest(userId, { ...page, stages });
  }

  private rowsOf(userId: UserId, { operation, status }: GenerationSearch, page: PageRequest) {
    const operations = GENERATED.filter(
      (one) => OUT_OF_LEDGER.includes(one) && (operation === undefined || one === operation),
    );
    const statuses = USAGE_STATUSES.filter((one) => status === undefined || STATUS_OF_ROW[one] === status);
    const before = page.after === undefined ? undefined : reservationId(page.after);
    return this.rows.newest(userId, { operations, statuses, before, limit: page.limit + 1 });
  }

  private async assetsOf(userId: UserId, found: readonly Found[]): Promise<readonly AssetDetails[]> {
    const usageIds = found.flatMap((one) => ('row' in one ? one.id : []));
    const ids = found.flatMap((one) => ('job' in one ? (one.job.assetId ?? []) : []));
    return usageIds.length + ids.length === 0 ? [] : this.assets.ofCalls(userId, { usageIds, ids });
  }
}

function viewOf(found: Found, assets: readonly AssetDetails[]): GenerationDto {
  return 'job' in found ? jobView(found.job, assets) : rowView(found.row, assets);
}
