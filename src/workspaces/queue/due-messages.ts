import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';

import { MessageStore } from '../messages/message.store.js';

const LOOK_EVERY_MS = 500;

/** Who is to be woken when their workspace has something to do. */
export interface Sleeper {
  readonly workspaceId: string;
  /** Whether it sleeps. */
  readonly waiting: boolean;
  wake(): void;
}

/**
 * Looks for messages that have come due, with one question for all that wait in this process: those whose time to be tried
 * again has come, those whose worker died, and those that no broker speaks of any more.
 */
@Injectable()
export class DueMessages implements OnModuleDestroy {
  private readonly logger = new Logger('Messages');
  private readonly sleepers = new Set<Sleeper>();
  private timer: NodeJS.Timeout | undefined;
  private failing = false;

  constructor(private readonly messages: MessageStore) {}

  /** From now on it is woken. @returns ends it */
  watchFor(sleeper: Sleeper): () => void {
    this.sleepers.add(sleeper);
    this.timer ??= this.looking();
    return () => this.sleepers.delete(sleeper);
  }

  /** Wakes one that waits for a message of this workspace, if there is one here: those at work look by themselves. */
  wakeOne(workspaceId: string): void {
    const asleep = this.asleep().find((sleeper) => sleeper.workspaceId === workspaceId);
    asleep?.wake();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.sleepers.clear();
  }

  private asleep(): Sleeper[] {
    return [...this.sleepers].filter(({ waiting }) => waiting);
  }

  private looking(): NodeJS.Timeout {
    let looking = false;
    return setInterval(() => {
      if (looking || this.asleep().length === 0) return;
      looking = true;
      void this.look().finally(() => (looking = false));
    }, LOOK_EVERY_MS).unref();
  }

  private async look(): Promise<void> {
    try {
      const workspaces = new Set(this.asleep().map(({ workspaceId }) => workspaceId));
      const due = new Set(await this.messages.withDueMessages([...workspaces]));
      for (const sleeper of this.asleep()) if (due.has(sleeper.workspaceId)) sleeper.wake();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn({ err: error }, 'Messages could not be looked for; trying on.');
      this.failing = true;
    }
  }
}
