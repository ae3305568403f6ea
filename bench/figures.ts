/** What a figure should be; ratios mostly. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One number of one round. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly target?: Target;
}

/** One figure over all rounds. */
export interface Result {
  readonly row: string;
  readonly name: string;
  readonly rounds: readonly number[];
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly target?: Target;
  readonly met?: boolean;
}

/** What the rounds of a row say of each figure, by its median. */
export function resultsOf(row: string, rounds: readonly (readonly Figure[])[]): Result[] {
  return (rounds[0] ?? []).map(({ name, target }) => {
    const values = rounds.flatMap((figures) =>
      figures.filter((figure) => figure.name === name).map(({ value }) => value),
    );
    const median = quantile(values, 0.5);
    return {
      row,
      name,
      rounds: values,
      median,
      least: Math.min(...values),
      most: Math.max(...values),
      ...(target && { target, met: isMet(target, median) }),
    };
  });
}

/** The value below which a share of all lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function isMet(target: Target, value: number): boolean {
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}
