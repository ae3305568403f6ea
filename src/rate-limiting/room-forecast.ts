import { type SilenceWatch } from '../database/index.js';

import { type Clock } from './domain/clock.js';
import { type Denial, denialOf } from './domain/outcome.js';
import { type LimitState } from './domain/limit.js';
import { type DayAmount, isRolling, rollingDaysOf, roomReturnsAt } from './domain/rolling.js';
import { type Ledger } from './ledger/ledger.port.js';

/** Who is denied asks again and again: one reading of the days serves for so long. */
const KEPT_MS = 5_000;
const MOST_KEPT = 1_000;

interface Kept {
  readonly readAtMs: number;
  readonly days: Promise<readonly DayAmount[]>;
}

/** Says when a rolling limit has room again: the midnight at which enough of its days have fallen out of the window. */
export class RoomForecast {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly input: {
      readonly ledger: Ledger;
      /** Of the ledger's database: where that says nothing, a denial is told without the instant. */
      readonly silence: SilenceWatch;
      readonly clock: Clock;
      readonly timeZone: string;
    },
  ) {}

  /** A denial with the instants at which room for `tokens` returns in its rolling limits. */
  async complete(denial: Denial, tokens: number): Promise<Denial> {
    if (!denial.limits.some(({ window }) => isRolling(window))) return denial;
    return denialOf(await this.of(denial.limits, tokens), this.input.clock.now());
  }

  /** The states, with the instant of every rolling limit that has no room for `tokens`. */
  of(states: readonly LimitState[], tokens: number): Promise<LimitState[]> {
    return Promise.all(states.map((state) => this.withRoom(state, tokens)));
  }

  private async withRoom(state: LimitState, tokens: number): Promise<LimitState> {
    const missing = state.used + state.reserved + tokens - state.max;
    const span = rollingDaysOf(state.window);
    if (!span || state.max === 0 || missing <= 0) return state;
    try {
      const days = await this.input.silence.guard(this.daysOf(state));
      return { ...state, roomAtMs: roomReturnsAt(state.window, { days, missing }, this.input.timeZone) };
    } catch {
      // The denial stands all the same; the window's end is the soonest that room can return.
      return state;
    }
  }

  private daysOf({ subject, window }: LimitState): Promise<readonly DayAmount[]> {
    const name = JSON.stringify([subject.kind, subject.id, window.name]);
    const known = this.kept.get(name);
    const now = this.input.clock.now();
    if (known && Math.abs(now - known.readAtMs) < KEPT_MS) return known.days;
    const days = this.input.ledger.tokensByDay(subject, window);
    if (this.kept.size >= MOST_KEPT) this.kept.clear();
    this.kept.set(name, { readAtMs: now, days });
    days.catch(() => this.kept.delete(name));
    return days;
  }
}
