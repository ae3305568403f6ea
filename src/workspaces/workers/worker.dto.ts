import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Min } from 'class-validator';
import { HeldTo } from '../../input-rules.js';
import { WorkerCount } from './worker-count.rule.js';

export const WORKER_STATES = ['idle', 'busy', 'draining'] as const;

/** How many workers a workspace is to have. */
@HeldTo(WorkerCount)
export class ScaleWorkersDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 4,
    description: 'At most WORKERS_MAX_PER_WORKSPACE; 0: its messages wait.',
  })
  @IsInt()
  @Min(0)
  count!: number;
}

export class WorkerDto {
  @ApiProperty()
  id!: string;

  @ApiProperty({ description: 'The process that it is in.' })
  instance!: string;

  @ApiProperty({ enum: WORKER_STATES, description: 'draining: it takes no new message.' })
  state!: (typeof WORKER_STATES)[number];

  @ApiProperty({ type: String, nullable: true, description: 'What it works at.' })
  message_id!: string | null;

  @ApiProperty({ type: String, format: 'date-time', description: 'Since when it is there.' })
  since!: Date;
}

/** The workers of a workspace: how many it is to have, and those that it has. */
export class WorkersDto {
  @ApiProperty()
  workspace_id!: string;

  @ApiProperty({ type: 'integer' })
  wanted!: number;

  @ApiProperty({ type: [WorkerDto] })
  workers!: WorkerDto[];
}
