import { setTimeout as delay } from 'node:timers/promises';

import { type AppLife, type ChaosDeployment } from './deployment.js';
import { type CallPlan, type CallRecord, LONG_CALL, makeCall, PLAIN_CALL, planCall } from './metered-call.js';
import { type SeededRandom } from './seeded-random.js';
import { type Tenant } from './tenants.js';

const CLIENTS = 10;
/** More than any of the limits has room for. */
const RUSH = 30;
/** Somebody who is refused does not ask again at once: else the load is all refusals. */
const PAUSE_MS = { answered: 40, refused: 200 };

/** Clients that call without end, one call after the other, any process that runs, for any of the tenants. */
export class Load {
  readonly calls: CallRecord[] = [];
  private readonly behaviours = new Map<string, CallRecord['behaviour']>();
  private readonly clients: Promise<void>[];
  private over = false;
  private count = 0;

  constructor(
    private readonly deployment: ChaosDeployment,
    private readonly tenants: readonly Tenant[],
    random: SeededRandom,
  ) {
    deployment.emulator.always(({ body }) => this.behaviours.get(nameIn(body) ?? '') ?? {});
    this.clients = Array.from({ length: CLIENTS }, () => this.client(random.fork()));
  }

  /** No new calls. */
  end(): void {
    this.over = true;
  }

  /** No new calls; resolves when those in flight have ended for their clients. */
  async stop(): Promise<void> {
    this.end();
    await Promise.all(this.clients);
  }

  /** The names of the calls that reached the provider. */
  served(): Set<string> {
    return new Set(this.deployment.emulator.requests.flatMap(({ body }) => nameIn(body) ?? []));
  }

  /** Whether a tenant was given anything yet. */
  answered(tenant: Tenant): boolean {
    return this.calls.some((call) => call.tenant === tenant && call.seen === 'answered');
  }

  /** Calls that are at the provider, and will be for a while, when this resolves; `ended` when their client knows. */
  async begin(count: number, tenant: Tenant, life: AppLife): Promise<{ ended: Promise<unknown> }> {
    const before = this.served().size;
    const calls = Array.from({ length: count }, () => this.insist(LONG_CALL, tenant, life));
    await this.deployment.emulator.until(() => this.served().size === before + count, 60_000);
    return { ended: Promise.all(calls) };
  }

  /** Everybody at once, at every process: whoever was refilled, if but by one call, gets more than is theirs. */
  async rush(): Promise<void> {
    const lives = this.deployment.running();
    for (const tenant of this.tenants) {
      const spread = lives.flatMap((life) => Array<AppLife>(RUSH / lives.length).fill(life));
      await Promise.all(spread.map((life) => this.call(PLAIN_CALL, tenant, life)));
    }
  }

  /** A client that is refused asks again. */
  private async insist(plan: CallPlan, tenant: Tenant, life: AppLife): Promise<void> {
    while ((await this.call(plan, tenant, life)).seen === 'refused') await delay(PAUSE_MS.refused);
  }

  private async call(plan: CallPlan, tenant: Tenant, life: AppLife): Promise<CallRecord> {
    const name = `chaos-call-${++this.count}-end`;
    this.behaviours.set(name, plan.behaviour);
    const call = await makeCall(plan, { name, tenant, life });
    this.calls.push(call);
    return call;
  }

  private async client(random: SeededRandom): Promise<void> {
    while (!this.over) {
      const running = this.deployment.running();
      const plan = planCall(random);
      const tenant = random.pick(this.tenants);
      if (running.length === 0) {
        await delay(PAUSE_MS.refused);
        continue;
      }
      const life = random.pick(running);
      const call = await this.call(plan, tenant, life);
      await delay(random.whole(0, call.seen === 'answered' ? PAUSE_MS.answered : PAUSE_MS.refused));
    }
  }
}

function nameIn(body: unknown): string | undefined {
  return /chaos-call-\d+-end/.exec(JSON.stringify(body))?.[0];
}
