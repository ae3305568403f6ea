import {
  costOf,
  imageCostOf,
  type ImageRequest,
  imageTokensOf,
  isLeftToModel,
  type WireBody,
} from '../../pricing/index.js';
import { type ProviderUsage } from '../../providers/index.js';
import { type ActualUsage, type CallEstimate } from '../../rate-limiting/index.js';
import { dearestOf } from '../dearest-estimate.js';
import { type OneOrMore, type Target } from '../targets.js';

/** A place that images may be made at. */
export interface ImageTarget extends Target {
  readonly request: ImageRequest;
  /** The prompt, as counted before the call. */
  readonly inputTokens: number;
}

/** An image call that is ready to be made. */
export interface ImageCall {
  readonly body: WireBody;
  readonly targets: OneOrMore<ImageTarget>;
  /** The images are kept: their bytes are wanted, and not links to them. */
  readonly withFiles?: boolean;
}

/** What an image call uses at most, whoever answers it. */
export function estimateImages({ targets }: ImageCall): CallEstimate {
  return dearestOf(targets, estimateImagesAt);
}

/** Images are counted in images and money; in tokens only where their model counts them. */
export function estimateImagesAt(target: ImageTarget): CallEstimate {
  const cost = priceOf(target, target.request.count);
  return {
    inputTokens: countsTokens(target) ? tokensOf(target).total : 0,
    baseCostNanoUsd: cost ?? 0,
    outputCostNanoUsd: 0,
    priced: cost !== undefined,
    count: target.request.count,
    provider: target.provider.name,
    model: target.model.name,
  };
}

/** What came of an image call. */
export interface MadeImages {
  /** How many. */
  readonly made: number;
  /** Undefined where the provider counts no tokens. */
  readonly counted: ProviderUsage | undefined;
  /** The provider's answer. */
  readonly body: WireBody;
}

/** What an image call used: as many images as were made, of the size they have, in tokens what the provider counted. */
export function imageUsage(target: ImageTarget, { made, counted, body }: MadeImages): ActualUsage {
  const byTokens = counted !== undefined && counted.outputTokens > 0 && target.price !== undefined;
  return {
    provider: target.provider.name,
    model: target.model.name,
    inputTokens: counted?.inputTokens ?? 0,
    outputTokens: counted?.outputTokens ?? 0,
    ...(counted && { totalTokens: counted.totalTokens }),
    costNanoUsd: byTokens ? costOf(target.price, counted) : (priceAsMade(target, body, made) ?? 0),
    count: made,
    estimated: counted === undefined && countsTokens(target),
  };
}

/** What was left to the model is paid as what it says that it chose, where that has a price: not as the dearest it might have been. */
function priceAsMade(target: ImageTarget, { size, quality }: WireBody, made: number): number | undefined {
  const { request } = target;
  const chosen = {
    ...request,
    ...(isLeftToModel(request.size) && typeof size === 'string' && { size }),
    ...(isLeftToModel(request.quality) && typeof quality === 'string' && { quality }),
  };
  return priceOf({ ...target, request: chosen }, made) ?? priceOf(target, made);
}

function priceOf(target: ImageTarget, count: number): number | undefined {
  if (!target.price) return undefined;
  const images = imageCostOf(target.price, { ...target.request, count });
  if (images === undefined) return undefined;
  return countsTokens(target)
    ? images + Math.ceil(target.inputTokens * target.price.inputNanoPerToken)
    : images;
}

function countsTokens({ price }: ImageTarget): boolean {
  return price?.imageTokens !== undefined;
}

function tokensOf({ price, request, inputTokens }: ImageTarget): { total: number } {
  return { total: inputTokens + (price ? imageTokensOf(price, request) : 0) };
}
