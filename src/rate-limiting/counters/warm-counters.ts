import { type SilenceWatch } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import { counterRef } from '../claims.js';
import {
  type ColdCounter,
  type CounterRef,
  type CounterState,
  type CounterStore,
  type ReserveAnswer,
  type ReserveCommand,
} from '../domain/counters.js';
import { type Counter, limitState, type LimitState } from '../domain/limit.js';
import { type Ledger } from '../ledger/ledger.port.js';

/** A load may be voided by a settlement that raced it; under a storm of them it is worth some tries. */
const MAX_LOADS = 20;

/** The counters, with cold ones loaded from the ledger: a new month, an emptied store and a fresh process are one case. */
export class WarmCounters {
  /** Loads under way: many calls that find the same counter cold wait for one reading of the ledger. */
  private readonly loads = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: CounterStore,
    private readonly ledger: Ledger,
    /** Of the ledger's database. */
    private readonly silence: SilenceWatch,
  ) {}

  /** Reserves; cold counters are filled first. */
  async reserve(
    command: ReserveCommand,
    counters: readonly Counter[],
  ): Promise<Exclude<ReserveAnswer, { kind: 'cold' }>> {
    for (let attempt = 0; attempt < MAX_LOADS; attempt++) {
      const answer = await this.store.reserve(command);
      if (answer.kind !== 'cold') return answer;
      await this.load(answer.cold, counters);
    }
    throw tooManyLoads();
  }

  /** What limits stand at. */
  async read(counters: readonly Counter[]): Promise<LimitState[]> {
    for (let attempt = 0; attempt < MAX_LOADS; attempt++) {
      const answers = await this.store.read(counters.map(counterRef));
      const cold = answers.flatMap((answer) => (answer.kind === 'cold' ? [answer.cold] : []));
      if (cold.length === 0) {
        return counters.flatMap((counter, index) => {
          const answer = answers[index];
          return answer?.kind === 'warm' ? statesOf(counter, answer.state) : [];
        });
      }
      await this.load(cold, counters);
    }
    throw tooManyLoads();
  }

  private async load(cold: readonly ColdCounter[], counters: readonly Counter[]): Promise<void> {
    await Promise.all(cold.map((one) => this.loadOnce(one, counters)));
  }

  private loadOnce(cold: ColdCounter, counters: readonly Counter[]): Promise<unknown> {
    const { subject, window } = cold.counter;
    const name = JSON.stringify([subject.kind, subject.id, window, cold.token]);
    const underWay = this.loads.get(name);
    if (underWay) return underWay;
    const load = this.fill(cold, counterOf(cold.counter, counters)).finally(() => this.loads.delete(name));
    this.loads.set(name, load);
    return load;
  }

  private async fill(cold: ColdCounter, { subject, window }: Counter): Promise<void> {
    await this.store.load(cold, await this.silence.guard(this.ledger.usedIn(subject, window)));
  }
}

/** Every limit of a counter, with what the counter stands at. */
export function statesOf(counter: Counter, { used, reserved }: CounterState): LimitState[] {
  return counter.limits.map((limit) =>
    limitState(counter, limit, { used: used[limit.unit] ?? 0, reserved: reserved[limit.unit] ?? 0 }),
  );
}

function counterOf(ref: CounterRef, counters: readonly Counter[]): Counter {
  const counter = counters.find(
    ({ subject, window }) =>
      window.name === ref.window && subject.id === ref.subject.id && subject.kind === ref.subject.kind,
  );
  if (!counter)
    throw new Error(`The store names a counter that was not asked for: ${ref.subject.kind} ${ref.window}.`);
  return counter;
}

function tooManyLoads(): CodedError {
  return new CodedError(
    'store_unavailable',
    'The counters could not be loaded from the ledger: they change faster than they load. Try again in a second.',
    { retryAfterMs: 1_000 },
  );
}
