import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { PROCESS_ROLE, type ProcessRole, SETTINGS, type Settings } from '../../config/index.js';
import { MessageLeases } from '../messages/message-leases.js';
import { MessageRuns } from '../messages/message.runs.js';
import { MessageQueue } from '../queue/message-queue.port.js';

import { WorkerChanges } from './worker-changes.js';
import { Worker } from './worker.js';
import { type OwnSlot, type SlotName, WorkerSlotStore } from './worker-slot.store.js';

/** What a cut run may take to give its message back. */
const LAST_WRITES_MS = 5_000;

interface Running {
  readonly slot: SlotName;
  readonly worker: Worker;
}

/**
 * Runs this instance's share of all workers. Each has a slot in the database, whose owner lives as long as it says so; three
 * times in the life of that lease, and whenever somebody scales, every instance takes the next step to an even share.
 */
@Injectable()
export class WorkerSupervisor
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  /** This life of this process. */
  readonly instance: string = randomUUID();
  private readonly logger = new Logger('Workers');
  private readonly running = new Map<string, Running>();
  private readonly stopping = new AbortController();
  private readonly leaseMs: number;
  private timer: NodeJS.Timeout | undefined;
  private stopListening: () => void = () => undefined;
  private sharing: Promise<void> | undefined;
  private again = false;
  private provenAt = 0;

  constructor(
    private readonly slots: WorkerSlotStore,
    private readonly queue: MessageQueue,
    private readonly runs: MessageRuns,
    private readonly leases: MessageLeases,
    private readonly changes: WorkerChanges,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(PROCESS_ROLE) private readonly role: ProcessRole,
  ) {
    this.leaseMs = settings.workers.leaseSec * 1000;
  }

  onApplicationBootstrap(): void {
    if (this.role === 'server' && !this.settings.workers.inServer) return;
    const look = () => {
      this.look();
    };
    this.stopListening = this.changes.onChange(look);
    this.timer = setInterval(look, this.leaseMs / 3).unref();
    look();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopListening();
    this.stopping.abort();
    for (const { worker } of this.running.values()) worker.end();
  }

  /** After the last request was answered, which took its part of the same grace. */
  async onApplicationShutdown(): Promise<void> {
    if (this.timer) await this.endWorkers();
    this.leases.close();
    await this.queue.close();
  }

  private async endWorkers(): Promise<void> {
    await this.sharing;
    await this.allEnded(this.settings.http.shutdownGraceSec * 1000);
    this.leases.abortAll();
    await this.allEnded(LAST_WRITES_MS);
    await this.slots.leave(this.instance).catch(() => undefined);
  }

  /** Takes the next step now, or once more after the one under way. */
  private look(): void {
    this.again = true;
    this.sharing ??= this.steps().finally(() => (this.sharing = undefined));
  }

  private async steps(): Promise<void> {
    while (this.again && !this.stopping.signal.aborted) {
      this.again = false;
      try {
        await this.step();
      } catch (error) {
        this.logger.warn({ err: error }, 'The share of workers could not be looked at; trying on.');
        this.loseSlots();
      }
    }
  }

  private async step(): Promise<void> {
    const startedAt = performance.now();
    const draining = [...this.running.values()].filter(({ worker }) => worker.draining).length;
    const { own, give } = await this.slots.share(this.instance, { leaseMs: this.leaseMs, draining });
    this.provenAt = startedAt;
    this.stopLost(own);
    for (const slot of own) if (slot.wanted && !this.stopping.signal.aborted) this.start(slot);
    const surplus = own.filter(({ wanted }) => !wanted);
    const excess = this.spare(own, give);
    await Promise.all([...surplus, ...excess].map((slot) => this.drain(slot)));
  }

  /** Those with nothing in hand first. */
  private spare(own: readonly OwnSlot[], count: number): OwnSlot[] {
    const wanted = own.filter(
      (slot) => slot.wanted && this.running.get(keyOf(slot))?.worker.draining === false,
    );
    const idle = (slot: OwnSlot) => this.running.get(keyOf(slot))?.worker.idle === true;
    return [...wanted.filter(idle), ...wanted.filter((slot) => !idle(slot))].slice(0, count);
  }

  private start(slot: SlotName): void {
    if (this.running.has(keyOf(slot))) return;
    const worker = `${this.instance}:${slot.number}`;
    const receiver = this.queue.receiver({ workspaceId: slot.workspaceId, worker });
    const running = { slot, worker: new Worker(receiver, this.runs) };
    this.running.set(keyOf(slot), running);
    void running.worker.ended.then(() => this.hasEnded(running));
  }

  private async drain(slot: SlotName): Promise<void> {
    const running = this.running.get(keyOf(slot));
    if (!running) return this.slots.release(this.instance, slot);
    if (running.worker.draining) return;
    running.worker.end();
    await this.slots.drain(this.instance, slot);
  }

  private async hasEnded({ slot }: Running): Promise<void> {
    this.running.delete(keyOf(slot));
    if (this.stopping.signal.aborted) return;
    try {
      await this.slots.release(this.instance, slot);
      await this.changes.tell(slot.workspaceId);
    } catch (error) {
      this.logger.warn({ err: error }, 'The slot of a worker could not be let go of yet.');
    }
    this.look();
  }

  /** Slots that are another's by now, since this instance had not said in time that it lives. */
  private stopLost(own: readonly OwnSlot[]): void {
    const kept = new Set(own.map(keyOf));
    for (const [key, { worker }] of this.running) if (!kept.has(key)) worker.end();
  }

  /** Who cannot say that it lives is taken for dead: its workers are others' by then. */
  private loseSlots(): void {
    if (performance.now() - this.provenAt < this.leaseMs) return;
    for (const { worker } of this.running.values()) worker.end();
  }

  private async allEnded(timeoutMs: number): Promise<void> {
    const late = new AbortController();
    const patience = delay(timeoutMs, undefined, { signal: late.signal, ref: false });
    const ended = Promise.all([...this.running.values()].map(({ worker }) => worker.ended));
    await Promise.race([ended, patience.catch(() => undefined)]);
    late.abort();
  }
}

function keyOf({ workspaceId, number }: SlotName): string {
  return `${number}:${workspaceId}`;
}
