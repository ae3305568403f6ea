import { countOf, type Distribution } from '../../telemetry/index.js';

/**
 * The value below which a share of the observed ones lies, as PromQL's `histogram_quantile` estimates it: spread evenly
 * within a bucket, and the highest bound for what is past it. 0 where nothing was observed.
 */
export function quantile(share: number, { bounds, counts }: Pick<Distribution, 'bounds' | 'counts'>): number {
  const rank = share * countOf({ counts });
  if (rank === 0) return 0;
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    const count = counts[at] ?? 0;
    if (below + count >= rank && count > 0) {
      const from = bounds[at - 1] ?? 0;
      return from + ((bound - from) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? 0;
}
