import { createHmac } from 'node:crypto';

import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';

import { type Settings, SETTINGS } from '../config/index.js';
import { Clock, formatUsd } from '../rate-limiting/index.js';

import { DELIVERIES, WAITING } from './notifications.metrics.js';
import { type Notification, NotificationStore } from './notification.store.js';

type Webhook = NonNullable<Settings['notifications']['webhook']>;

const EVERY_MS = 5_000;
/** Less than the first pause: who is still sending has not lost it to another. */
const TIMEOUT_MS = 5_000;

/**
 * Sends notifications to NOTIFICATION_WEBHOOK_URL, out of the table: a crash loses none, and several instances never send
 * one at the same time. Signed, so that the receiver knows the sender. A receiver that answered and was not heard is
 * sent the same id again.
 */
@Injectable()
export class WebhookCourier implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(WebhookCourier.name);
  private timer: NodeJS.Timeout | undefined;
  private delivering: Promise<number> | undefined;
  private stopTelling: () => void = () => undefined;

  constructor(
    private readonly store: NotificationStore,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.notifications.webhook) return;
    this.timer = setInterval(() => {
      this.wake();
    }, EVERY_MS);
    this.timer.unref();
    this.stopTelling = WAITING.readFrom(async () => [{ labels: {}, value: await this.store.waiting() }]);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.stopTelling();
    await this.delivering?.catch(() => undefined);
  }

  /** Looks for what is due, behind the one who asks. */
  wake(): void {
    void this.deliverDue().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'Notifications could not be looked up; trying on.');
    });
  }

  /** @returns how many were delivered. */
  deliverDue(): Promise<number> {
    this.delivering ??= this.deliver().finally(() => {
      this.delivering = undefined;
    });
    return this.delivering;
  }

  private async deliver(): Promise<number> {
    const { webhook } = this.settings.notifications;
    if (!webhook) return 0;
    let delivered = 0;
    for (;;) {
      const next = await this.store.take(this.clock.now());
      if (!next) return delivered;
      const sent = await this.send(webhook, next);
      DELIVERIES.add({ outcome: sent ? 'delivered' : 'failed' });
      if (!sent) continue;
      await this.store.delivered(next.id, this.clock.now());
      delivered++;
    }
  }

  private async send({ url, secret }: Webhook, notification: Notification): Promise<boolean> {
    const body = JSON.stringify(bodyOf(notification));
    const timestamp = String(Math.floor(this.clock.now() / 1000));
    const headers = {
      'content-type': 'application/json',
      'x-cuota-timestamp': timestamp,
      'x-cuota-signature': signatureOf(secret, `${timestamp}.${body}`),
    };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      await answer.body?.cancel();
      if (answer.ok) return true;
      this.complain(notification, `it answered ${answer.status}`);
    } catch (error) {
      this.complain(notification, error instanceof Error ? error.message : 'it cannot be reached');
    }
    return false;
  }

  private complain({ id, attempts }: Notification, why: string): void {
    this.logger.warn(
      { notification: id, attempts },
      `The webhook did not take a notification: ${why}; trying on.`,
    );
  }
}

function signatureOf(secret: string, signed: string): string {
  return `sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`;
}

function bodyOf(told: Notification) {
  const amount = (value: number) => (told.unit === 'cost' ? formatUsd(value) : value);
  return {
    id: told.id,
    type: 'limit.threshold',
    userId: told.userId,
    apiKeyId: told.apiKeyId,
    limit: told.limitName,
    unit: told.unit,
    period: told.period,
    thresholdPercent: told.thresholdPercent,
    used: amount(told.used),
    max: amount(told.max),
    resetAt: told.resetsAt.toISOString(),
    createdAt: told.createdAt.toISOString(),
  };
}
