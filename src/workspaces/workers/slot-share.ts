/** How the slots lie over the instances that live. */
export interface SlotCounts {
  /** Slots that nobody has. */
  readonly free: number;
  /** This instance's. */
  readonly mine: number;
  /** Those of each other instance. */
  readonly others: readonly number[];
}

/** What an instance does so that all have their share. */
export interface ShareStep {
  readonly take: number;
  /** Ends workers whose slots others are to have. */
  readonly give: number;
}

/**
 * The next step to even shares: an instance takes up to its part, rounded up, and gives away what is above that, or above the
 * part rounded down while another has less. Whatever the order in which instances take their steps, they come to rest with no
 * two more than one apart. Pure.
 */
export function nextShareStep({ free, mine, others }: SlotCounts): ShareStep {
  const instances = others.length + 1;
  const total = free + mine + others.reduce((sum, count) => sum + count, 0);
  const most = Math.ceil(total / instances);
  const least = Math.floor(total / instances);
  if (mine > most) return { take: 0, give: mine - most };
  const poorest = Math.min(...others);
  if (mine > least && free === 0 && poorest < least) return { take: 0, give: 1 };
  // While another has less than its part, what is free is that one's first.
  const lacking = others.reduce((sum, count) => sum + Math.max(0, least - count), 0);
  const spare = mine < least ? free : Math.max(0, free - lacking);
  return { take: Math.min(spare, (mine < least ? least : most) - mine), give: 0 };
}
