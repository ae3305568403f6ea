import { videoCostOf } from '../../pricing/index.js';
import { type VideoPlan, type VideoRequest } from '../../providers/index.js';
import { type ActualUsage, type CallEstimate } from '../../rate-limiting/index.js';
import { dearestOf } from '../dearest-estimate.js';
import { type OneOrMore, type Target } from '../targets.js';

/** What a caller wants made, and by whom: all that is needed to make it, by any instance. */
export interface VideoWish {
  readonly request: VideoRequest;
  /** The prompt is a text that is to be spoken. */
  readonly spoken: boolean;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  /** Of the request that asked for it. */
  readonly requestId?: string | undefined;
}

/** A place that a video may be made at. */
export interface VideoTarget extends Target {
  readonly plan: VideoPlan;
}

/** What a video costs at most, whoever makes it. Who that is shows only later, where there are several. */
export function estimateVideo(targets: OneOrMore<VideoTarget>): CallEstimate {
  const dearest = dearestOf(targets, estimateVideoAt);
  return targets.length === 1 ? dearest : { ...dearest, provider: '' };
}

/** Videos are counted in videos and money: one, by its seconds and its size. */
export function estimateVideoAt(target: VideoTarget): CallEstimate {
  const cost = costOfVideo(target, target.plan);
  return {
    inputTokens: 0,
    baseCostNanoUsd: cost ?? 0,
    outputCostNanoUsd: 0,
    priced: cost !== undefined,
    count: 1,
    provider: target.provider.name,
    model: target.model.name,
  };
}

/** A video that was made. */
export interface MadeVideo extends VideoPlan {
  readonly provider: string;
  readonly model: string;
  readonly assetId: string;
  /** Nobody but the plan says how long it is. */
  readonly estimated: boolean;
}

/** What a video used: the seconds that were made. */
export function videoUsage({ price }: Pick<Target, 'price'>, made: MadeVideo): ActualUsage {
  const { provider, model, seconds, size, assetId, estimated } = made;
  return {
    provider,
    model,
    inputTokens: 0,
    outputTokens: 0,
    costNanoUsd: costOfVideo({ price }, made) ?? 0,
    count: 1,
    estimated,
    resourceId: assetId,
    metadata: { seconds, size },
  };
}

function costOfVideo({ price }: Pick<Target, 'price'>, plan: VideoPlan): number | undefined {
  return price && videoCostOf(price, plan);
}
