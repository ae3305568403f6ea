/** One number under its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How many of the observed values fell where. `counts[i]` are those up to `bounds[i]` and past the bound before; the last has no bound. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Named {
  readonly name: string;
  /** What it counts and in which unit, as its reader is told. */
  readonly help: string;
}

/** What one instrument stands at, read at one moment. */
export type Family = Named &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
    | { readonly type: 'histogram'; readonly distributions: readonly Distribution[] }
  );

/** How many values a distribution holds. */
export function countOf({ counts }: Pick<Distribution, 'counts'>): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
