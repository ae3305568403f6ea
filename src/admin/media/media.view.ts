import { ApiProperty } from '@nestjs/swagger';

import { type Shown } from '../../identity/index.js';
import { type MediaStanding } from '../../media/index.js';

/** So many files, each content once. */
export class KeptFilesView {
  @ApiProperty({ type: 'integer' })
  count!: number;

  @ApiProperty({ type: 'integer' })
  bytes!: number;
}

export class WaitingFilesView extends KeptFilesView {
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the oldest was made.',
  })
  oldestAt!: Date | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'answered 503',
    description: 'Why the last failed attempt did.',
  })
  lastFailure!: string | null;
}

export class UsedView {
  @ApiProperty({ type: Number, example: 111111110 })
  used!: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 10000000000,
    description: 'null: none, or none is told.',
  })
  limit!: number | null;
}

/** What is kept, where, and how much room there is. */
export class MediaView {
  @ApiProperty({ enum: ['disk', 'cloudinary'] })
  store!: string;

  @ApiProperty({ type: KeptFilesView })
  images!: KeptFilesView;

  @ApiProperty({ type: KeptFilesView })
  videos!: KeptFilesView;

  @ApiProperty({ type: WaitingFilesView, description: 'On a disk of ours, and not yet in Cloudinary.' })
  waiting!: WaitingFilesView;

  @ApiProperty({ type: UsedView, description: 'Bytes: as Cloudinary tells, on the disk those of our files.' })
  storage!: UsedView;

  @ApiProperty({ type: UsedView, nullable: true, description: 'Bytes, as Cloudinary tells.' })
  bandwidth!: UsedView | null;

  @ApiProperty({ type: UsedView, nullable: true, description: 'Where it is credits that the plan limits.' })
  credits!: UsedView | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When Cloudinary was asked: once an hour.',
  })
  checkedAt!: Date | null;
}

export function mediaView({ store, sums, check }: MediaStanding): Shown<MediaView> {
  const { imageBytes, videoBytes, oldestWaiting, failure } = sums;
  return {
    store,
    images: { count: sums.images, bytes: imageBytes },
    videos: { count: sums.videos, bytes: videoBytes },
    waiting: {
      ...{ count: sums.waiting, bytes: sums.waitingBytes },
      ...{ oldestAt: oldestWaiting, lastFailure: failure },
    },
    storage: check?.usage.storage ?? { used: imageBytes + videoBytes, limit: null },
    bandwidth: check?.usage.bandwidth ?? null,
    credits: check?.usage.credits ?? null,
    checkedAt: check?.checkedAt ?? null,
  };
}
