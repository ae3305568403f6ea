import { join } from 'node:path';

import { LuaScripts, type ScriptServer } from '../../database/index.js';

import {
  describeState,
  LATENCY_FRESH_MS,
  LATENCY_WEIGHT,
  type LatencyNote,
  type ProbeAnswer,
  type ProviderState,
  ProviderStates,
  type Rest,
  type StoredState,
} from './provider-states.js';

const SCRIPTS = ['read', 'rest', 'probe', 'end-probe', 'note-latency'] as const;

/** What is known of a provider nobody asks any more is forgotten. */
const KEPT_MS = 24 * 3_600_000;
/** Under load a state is read so often, not once a call; what this instance changes itself it sees at once. */
const VIEW_MS = 100;

interface View {
  readonly state: Promise<ProviderState>;
  readonly untilMs: number;
}

/** The providers' health in Redis: one hash a provider, one script a verb. Redis may forget it: then all are well. */
export class RedisProviderStates extends ProviderStates {
  private readonly scripts: LuaScripts<(typeof SCRIPTS)[number]>;
  private readonly views = new Map<string, View>();

  /** @param nowMs replaces the server's own clock, for tests. */
  constructor(
    redis: ScriptServer,
    private readonly nowMs?: () => number,
  ) {
    super();
    this.scripts = new LuaScripts(redis, join(__dirname, 'lua'), SCRIPTS);
  }

  read(providers: readonly string[]): Promise<ProviderState[]> {
    return Promise.all(providers.map((provider) => this.view(provider)));
  }

  async rest(provider: string, { reason, restMs, strict }: Rest): Promise<void> {
    const args = [this.now(), reason, Math.ceil(restMs), strict ? 1 : 0, KEPT_MS];
    await this.changing(provider, this.scripts.run('rest', [keyOf(provider)], args));
  }

  async probe(provider: string, options: { leaseMs: number; early: boolean }): Promise<ProbeAnswer> {
    const args = [this.now(), options.leaseMs, options.early ? 1 : 0];
    const answer = await this.scripts.run('probe', [keyOf(provider)], args);
    return answer === 'granted' || answer === 'available' ? answer : 'refused';
  }

  async endProbe(provider: string, recovered: boolean): Promise<void> {
    const ended = this.scripts.run('end-probe', [keyOf(provider)], [recovered ? 1 : 0]);
    await this.changing(provider, ended);
  }

  async noteLatency(provider: string, { measure, meanMs, count }: LatencyNote): Promise<void> {
    const weight = 1 - (1 - LATENCY_WEIGHT) ** count;
    const args = [this.now(), measure, meanMs, weight, LATENCY_FRESH_MS, KEPT_MS];
    await this.scripts.run('note-latency', [keyOf(provider)], args);
  }

  private view(provider: string): Promise<ProviderState> {
    const known = this.views.get(provider);
    if (known && performance.now() < known.untilMs) return known.state;
    const state = this.scripts
      .run('read', [keyOf(provider)], [this.now()])
      .then((answer) => readState(Array.isArray(answer) ? answer : []));
    this.views.set(provider, { state, untilMs: performance.now() + VIEW_MS });
    // A failure is told to who asked, and not to who asks next.
    state.catch(() => this.views.delete(provider));
    return state;
  }

  private async changing(provider: string, change: Promise<unknown>): Promise<void> {
    try {
      await change;
    } finally {
      this.views.delete(provider);
    }
  }

  private now(): string {
    return this.nowMs ? String(this.nowMs()) : '';
  }
}

function keyOf(provider: string): string {
  return `cuota:provider:{${provider}}`;
}

/** What `read.lua` answered. */
function readState(answer: readonly unknown[]): ProviderState {
  const [now, ...flat] = answer.map(String);
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2) fields.set(flat[at] ?? '', flat[at + 1] ?? '');
  const number = (field: string) => (fields.has(field) ? Number(fields.get(field)) : undefined);
  const measures = [...fields.keys()].filter((field) => field.startsWith('ms:'));
  const stored: StoredState = {
    restUntil: number('until'),
    reason: fields.get('reason'),
    failedAt: number('at'),
    latencies: measures.map((field) => {
      const measure = field.slice('ms:'.length);
      return { measure, meanMs: number(field) ?? 0, at: number(`at:${measure}`) ?? 0 };
    }),
  };
  return describeState(stored, Number(now));
}
