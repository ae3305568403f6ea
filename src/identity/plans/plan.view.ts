import { ApiProperty } from '@nestjs/swagger';

import { LimitFieldsView, limitFieldsView } from './limit-fields.view.js';
import { type EndpointRates, type PlanRow, QUOTA_WINDOWS, type QuotaWindow } from './plan.entity.js';
import { type Shown } from '../shown.js';

/** A plan as the API shows it. */
export class PlanView extends LimitFieldsView {
  @ApiProperty({ example: 'free', description: 'A slug.' })
  id!: string;

  @ApiProperty({ example: 'Free' })
  name!: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 1024,
    description: 'The most output tokens of one call. 0 and null set none.',
  })
  maxOutputTokens!: number | null;

  @ApiProperty({ enum: QUOTA_WINDOWS })
  quotaWindow!: QuotaWindow;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Of each endpoint that endpointRates does not name; null leaves it to the route.',
  })
  requestsPerMinute!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Requests that may come at once.' })
  burst!: number | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['requestsPerMinute', 'burst'],
      properties: { requestsPerMinute: { type: 'integer' }, burst: { type: 'integer' } },
    },
    example: { 'POST /v1/chat/completions': { requestsPerMinute: 60, burst: 10 } },
  })
  endpointRates!: EndpointRates;

  @ApiProperty({ type: String, format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: String, format: 'date-time' })
  updatedAt!: Date;
}

export function planView(plan: PlanRow): Shown<PlanView> {
  const { id, name, maxOutputTokens, quotaWindow, requestsPerMinute, burst, endpointRates } = plan;
  const { createdAt, updatedAt } = plan;
  return {
    id,
    name,
    ...limitFieldsView(plan),
    maxOutputTokens,
    quotaWindow,
    requestsPerMinute,
    burst,
    endpointRates,
    createdAt,
    updatedAt,
  };
}
