import { setTimeout as delay } from 'node:timers/promises';

import { type ChaosDeployment } from './deployment.js';
import { type SeededRandom } from './seeded-random.js';

const FAULTS = ['kill an app', 'kill Redis', 'kill Postgres', 'empty Redis'] as const;
type Fault = (typeof FAULTS)[number];

const PAUSE_MS = { least: 300, most: 1_600 };
const OUTAGE_MS = { least: 30, most: 1_500 };
/** Past the deadline of a reservation, and past the time in which an instance is taken for dead. */
const LONG_OUTAGE_MS = { least: 4_500, most: 6_500 };
const LONG = 0.06;

/** Kills and restarts what a deployment is made of: each at least once, the rest as it comes. */
export class Faults {
  /** What was done and when, for who must find out what happened. */
  readonly done: string[] = [];
  private readonly since = performance.now();
  private readonly underWay: Promise<void>[] = [];
  /** A victim that is down is not killed again before it is back. */
  private readonly busy = new Set<string>();

  constructor(
    private readonly deployment: ChaosDeployment,
    private readonly slots: number,
    private readonly random: SeededRandom,
  ) {}

  /** Goes on for so long; resolves when everything runs again. */
  async rage(forMs: number): Promise<void> {
    const end = performance.now() + forMs;
    const must = this.random.shuffled(FAULTS);
    while (performance.now() < end || must.length > 0) {
      await delay(this.random.whole(PAUSE_MS.least, PAUSE_MS.most));
      const fault = must.pop();
      if (!this.begin(fault ?? this.random.pick(FAULTS)) && fault) must.unshift(fault);
    }
    await Promise.all(this.underWay);
  }

  note(what: string): void {
    this.done.push(`${Math.round(performance.now() - this.since)} ms: ${what}`);
  }

  /** @returns false where the victim is down already. */
  private begin(fault: Fault): boolean {
    const slot = this.random.whole(0, this.slots - 1);
    const outage = this.random.chance(LONG) ? LONG_OUTAGE_MS : OUTAGE_MS;
    const downMs = this.random.whole(outage.least, outage.most);
    const victim = victimOf(fault, slot);
    if (this.busy.has(victim)) return false;
    this.busy.add(victim);
    this.underWay.push(this.strike(fault, slot, downMs).finally(() => this.busy.delete(victim)));
    return true;
  }

  private async strike(fault: Fault, slot: number, downMs: number): Promise<void> {
    const { postgres, redis } = this.deployment;
    switch (fault) {
      case 'kill an app':
        return this.outage(`app ${slot}`, downMs, {
          kill: () => this.deployment.killApp(slot),
          restart: () => this.deployment.startApp(slot),
        });
      case 'kill Redis':
        return this.outage('Redis', downMs, { kill: () => redis.kill9(), restart: () => redis.restart() });
      case 'kill Postgres':
        return this.outage('Postgres', downMs, {
          kill: () => postgres.kill9(),
          restart: () => postgres.restart(),
        });
      case 'empty Redis':
        await redis.flushAll();
        this.note('Redis was emptied');
    }
  }

  private async outage(
    victim: string,
    downMs: number,
    { kill, restart }: { readonly kill: () => Promise<void>; readonly restart: () => Promise<void> },
  ): Promise<void> {
    await kill();
    this.note(`${victim} was killed, for ${downMs} ms`);
    await delay(downMs);
    await restart();
    this.note(`${victim} is back`);
  }
}

function victimOf(fault: Fault, slot: number): string {
  if (fault === 'kill an app') return `app ${slot}`;
  return fault === 'kill Postgres' ? 'Postgres' : 'Redis';
}
