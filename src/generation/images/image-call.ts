import { costOf, imageCostOf, type ImageRequest, imageTokensOf, type WireBody } from '../../pricing/index.js';
import { type ProviderUsage } from '../../providers/index.js';
import { type ActualUsage, type CallEstimate } from '../../rate-limiting/index.js';
import { type Target } from '../targets.js';

/** An image call that is ready to be made. */
export interface ImageCall extends Target {
  readonly body: WireBody;
  readonly request: ImageRequest;
  /** The prompt, as counted before the call. */
  readonly inputTokens: number;
}

/** Images are counted in images and money; in tokens only where their model counts them. */
export function estimateImages(call: ImageCall): CallEstimate {
  const cost = priceOf(call, call.request.count);
  return {
    inputTokens: countsTokens(call) ? tokensOf(call).total : 0,
    baseCostNanoUsd: cost ?? 0,
    outputCostNanoUsd: 0,
    priced: cost !== undefined,
    count: call.request.count,
    provider: call.provider.name,
    model: call.model.name,
  };
}

/** What an image call used: as many images as were made, in tokens what the provider counted. */
export function imageUsage(call: ImageCall, made: number, counted: ProviderUsage | undefined): ActualUsage {
  const byTokens = counted !== undefined && counted.outputTokens > 0 && call.price !== undefined;
  return {
    provider: call.provider.name,
    model: call.model.name,
    inputTokens: counted?.inputTokens ?? 0,
    outputTokens: counted?.outputTokens ?? 0,
    ...(counted && { totalTokens: counted.totalTokens }),
    costNanoUsd: byTokens ? costOf(call.price, counted) : (priceOf(call, made) ?? 0),
    count: made,
    estimated: counted === undefined && countsTokens(call),
  };
}

function priceOf(call: ImageCall, count: number): number | undefined {
  if (!call.price) return undefined;
  const images = imageCostOf(call.price, { ...call.request, count });
  if (images === undefined) return undefined;
  return countsTokens(call) ? images + Math.ceil(call.inputTokens * call.price.inputNanoPerToken) : images;
}

function countsTokens({ price }: ImageCall): boolean {
  return price?.imageTokens !== undefined;
}

function tokensOf({ price, request, inputTokens }: ImageCall): { total: number } {
  return { total: inputTokens + (price ? imageTokensOf(price, request) : 0) };
}
