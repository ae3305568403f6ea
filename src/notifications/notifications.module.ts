import { Module } from '@nestjs/common';

import { NotificationStore } from './notification.store.js';
import { ThresholdWatcher } from './threshold.watcher.js';
import { WebhookCourier } from './webhook.courier.js';

/** Tells of monthly limits that are nearly used, or used. */
@Module({ providers: [NotificationStore, WebhookCourier, ThresholdWatcher] })
export class NotificationsModule {}
