import { Inject, Injectable, Logger } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';

import { type ClaimedMessage, MessageStore } from './message.store.js';

/** A run's hold on its message. */
export interface MessageLease {
  /** Aborted when the message is another's by now, or all runs of this process are to end. */
  readonly signal: AbortSignal;
  end(): void;
}

/** Says for all runs of this process that they are at work, three times in the life of a lease. */
@Injectable()
export class MessageLeases {
  readonly leaseMs: number;
  private readonly logger = new Logger('Messages');
  private readonly held = new Map<ClaimedMessage, AbortController>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly messages: MessageStore,
    @Inject(SETTINGS) { workers }: Settings,
  ) {
    this.leaseMs = workers.leaseSec * 1000;
  }

  /** From now on it is renewed. */
  hold(message: ClaimedMessage): MessageLease {
    const ending = new AbortController();
    this.held.set(message, ending);
    this.timer ??= this.renewing();
    return { signal: ending.signal, end: () => this.held.delete(message) };
  }

  /** Ends all runs: what they have not done is put back. */
  abortAll(): void {
    for (const ending of this.held.values()) ending.abort();
  }

  /** When the last run has ended: until then each is renewed. */
  close(): void {
    clearInterval(this.timer);
  }

  private renewing(): NodeJS.Timeout {
    let renewing = false;
    return setInterval(() => {
      if (renewing || this.held.size === 0) return;
      renewing = true;
      void this.renew().finally(() => (renewing = false));
    }, this.leaseMs / 3).unref();
  }

  private async renew(): Promise<void> {
    const runs = [...this.held];
    try {
      const renewed = await this.messages.renew(
        runs.map(([message]) => message),
        this.leaseMs,
      );
      for (const [{ reservationId }, ending] of runs) if (!renewed.has(reservationId)) ending.abort();
    } catch (error) {
      this.logger.warn({ err: error }, 'The leases of messages could not be renewed; trying on.');
    }
  }
}
