import {
  type ClaimState,
  type ColdCounter,
  type CounterClaims,
  type HeldCounter,
  type Hold,
  type ReadAnswer,
  type ReserveAnswer,
  type ReserveCommand,
} from '../../domain/counters.js';
import { amountOf } from '../../domain/decision.js';

import { type CounterShard } from './counter-shard.js';
import { partId } from './hold-parts.js';

/** A call's counters that one shard keeps. */
export interface Group {
  readonly place: number;
  readonly shard: CounterShard;
  /** Where they stand in the command. */
  readonly indexes: readonly number[];
  readonly counters: readonly CounterClaims[];
}

/** What a shard holds for the call. */
export interface Taken {
  readonly group: Group;
  readonly hold: Hold;
  readonly granted: number;
  readonly states: ClaimState[][];
  readonly turns: number;
}

/** What the counters of a shard stand at before the call, or which of them must be loaded. */
interface Asked {
  readonly group: Group;
  readonly states: ClaimState[][];
  readonly cold: readonly ColdCounter[];
}

export type SplitOutcome =
  | { readonly kind: 'held'; readonly taken: readonly Taken[]; readonly granted: number }
  | { readonly kind: 'refused'; readonly answer: Exclude<ReserveAnswer, { kind: 'reserved' }> };

/**
 * One call's reserve over several shards: one after the other and always in the same order, so that of two calls for the
 * last of something one gets it. Whatever is held when it fails must be given back.
 */
export class SplitReserve {
  private readonly taken: Taken[] = [];
  /** What was asked to be made smaller, and may be. */
  private readonly smaller: Taken[] = [];

  constructor(
    private readonly command: ReserveCommand,
    private readonly groups: readonly Group[],
  ) {}

  /** @throws what a shard throws. */
  async run(): Promise<SplitOutcome> {
    const { elastic, id } = this.command;
    const ownId = partId(
      id,
      this.groups.map(({ place }) => place),
    );
    let granted = elastic.max;
    for (const group of this.groups) {
      const { shard, counters } = group;
      const part = { ...this.command, id: ownId, counters, elastic: { ...elastic, max: granted } };
      const answer = await shard.reserve(part);
      if (answer.kind !== 'reserved') return { kind: 'refused', answer: await this.refusal(group, answer) };
      this.taken.push({ group, turns: shard.turns, ...answer });
      granted = answer.granted;
    }
    return { kind: 'held', taken: await this.shrink(granted), granted };
  }

  /** All that may be held now. */
  held(): Taken[] {
    return [...this.taken, ...this.smaller];
  }

  /** A shard that was asked earlier may have granted more than there is in a later one. */
  private async shrink(granted: number): Promise<Taken[]> {
    const taken: Taken[] = [];
    for (const larger of this.taken) {
      const smaller = larger.granted === granted ? larger : shrunk(larger, granted);
      taken.push(smaller);
      if (smaller === larger) continue;
      this.smaller.push(smaller);
      // One that is lost in between shows in the shard's turns.
      await larger.group.shard.shrink(larger.hold, smaller.hold);
    }
    return taken;
  }

  /** A call is denied by all limits that it breaks: the shards that were not asked say what theirs stand at. */
  private async refusal(
    at: Group,
    answer: Exclude<ReserveAnswer, { kind: 'reserved' }>,
  ): Promise<Exclude<ReserveAnswer, { kind: 'reserved' }>> {
    const before = this.taken.map((taken) => ({ group: taken.group, states: statesBefore(taken), cold: [] }));
    const own =
      answer.kind === 'cold' ? { states: [], cold: answer.cold } : { states: answer.states, cold: [] };
    const later = this.groups.slice(this.groups.indexOf(at) + 1);
    const asked = [...before, { group: at, ...own }, ...(await Promise.all(later.map(read)))];
    const cold = inOrder(asked.flatMap(({ group, cold: some }) => some.map((one) => indexed(group, one))));
    if (cold.length > 0) return { kind: 'cold', cold };
    const states = asked.flatMap(({ group, states: some }) =>
      some.map((state, at) => ({ index: group.indexes[at] ?? 0, value: state })),
    );
    return { kind: 'denied', states: inOrder(states) };
  }
}

/** What the claims of all groups stand at, in the command's order, with what was granted in the end. */
export function statesWith(taken: readonly Taken[], granted: number): ClaimState[][] {
  const states = taken.flatMap((one) =>
    statesBefore(one).map((before, at) => ({
      index: one.group.indexes[at] ?? 0,
      value: before.map(({ used, reserved }, claimAt) => {
        const claim = one.group.counters[at]?.claims[claimAt];
        return { used, reserved: reserved + (claim ? amountOf(claim, granted) : 0) };
      }),
    })),
  );
  return inOrder(states);
}

/** What all groups hold, in the command's order. */
export function heldBy(taken: readonly Taken[]): HeldCounter[] {
  const held = taken.flatMap(({ group, hold }) =>
    hold.counters.map((value, at) => ({ index: group.indexes[at] ?? 0, value })),
  );
  return inOrder(held);
}

/** With `granted` elastic units instead of more; the states are those of what was granted first. */
function shrunk(taken: Taken, granted: number): Taken {
  const { group, hold } = taken;
  const counters = hold.counters.map((held, at) => ({
    ...held,
    amounts: held.amounts.map(({ unit, amount }, claimAt) => {
      const claim = group.counters[at]?.claims[claimAt];
      return { unit, amount: claim ? amountOf(claim, granted) : amount };
    }),
  }));
  return { ...taken, hold: { ...hold, counters } };
}

async function read(group: Group): Promise<Asked> {
  const answers = await group.shard.read(group.counters.map(({ counter }) => counter));
  const cold = answers.flatMap((answer) => (answer.kind === 'cold' ? [answer.cold] : []));
  return { group, cold, states: answers.map((answer, at) => statesOf(answer, group.counters[at])) };
}

function statesOf(answer: ReadAnswer, asked: CounterClaims | undefined): ClaimState[] {
  if (answer.kind === 'cold') return [];
  const { used, reserved } = answer.state;
  return (asked?.claims ?? []).map(({ unit }) => ({ used: used[unit] ?? 0, reserved: reserved[unit] ?? 0 }));
}

function statesBefore({ group, states, granted }: Taken): ClaimState[][] {
  return group.counters.map(({ claims }, at) =>
    claims.map((claim, claimAt) => {
      const { used = 0, reserved = 0 } = states[at]?.[claimAt] ?? {};
      return { used, reserved: reserved - amountOf(claim, granted) };
    }),
  );
}

function indexed(group: Group, cold: ColdCounter) {
  const at = group.counters.findIndex(
    ({ counter: { subject, window } }) =>
      subject.kind === cold.counter.subject.kind &&
      subject.id === cold.counter.subject.id &&
      window === cold.counter.window,
  );
  return { index: group.indexes[at] ?? 0, value: cold };
}

function inOrder<T>(values: { readonly index: number; readonly value: T }[]): T[] {
  return values.sort((a, b) => a.index - b.index).map(({ value }) => value);
}
