import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { SETTINGS, type Settings } from '../config/index.js';
import { ChangeFeed } from '../database/index.js';
import { GenerationModule } from '../generation/index.js';
import { ProvidersModule } from '../providers/index.js';

import { MessageAnswerer } from './messages/message.answerer.js';
import { MessageEntity } from './messages/message.entity.js';
import { MessageGauges } from './messages/message.gauges.js';
import { MessageLeases } from './messages/message-leases.js';
import { MessageRetention } from './messages/message-retention.js';
import { MessageReservations } from './messages/message-reservations.js';
import { MessageRuns } from './messages/message.runs.js';
import { MessagesController } from './messages/messages.controller.js';
import { MessagesService } from './messages/messages.service.js';
import { MessageWithdrawals } from './messages/message-withdrawals.js';
import { MessageStore } from './messages/message.store.js';
import { PublisherLeave } from './messages/publisher-leave.js';
import { DueMessages } from './queue/due-messages.js';
import { MessageClaims } from './queue/message-claims.js';
import { MessageQueue } from './queue/message-queue.port.js';
import { PostgresMessageQueue } from './queue/postgres.message-queue.js';
import { RabbitMessageQueue } from './queue/rabbit.message-queue.js';
import { RetiredQueues } from './queue/retired-queues.js';
import { WorkerChanges } from './workers/worker-changes.js';
import { WorkerGauges } from './workers/worker.gauges.js';
import { WorkerSlotStore } from './workers/worker-slot.store.js';
import { WorkersController } from './workers/workers.controller.js';
import { WorkersService } from './workers/workers.service.js';
import { WorkerSupervisor } from './workers/worker.supervisor.js';
import { WorkerCount } from './workers/worker-count.rule.js';

/** Messages that members publish to workspaces, the queue that brings them to workers, and the workers. */
@Module({
  imports: [GenerationModule, ProvidersModule, TypeOrmModule.forFeature([MessageEntity])],
  controllers: [MessagesController, WorkersController],
  providers: [
    MessageStore,
    MessageLeases,
    PublisherLeave,
    MessageAnswerer,
    MessageRuns,
    MessageReservations,
    MessageRetention,
    MessageGauges,
    MessageWithdrawals,
    MessagesService,
    DueMessages,
    MessageClaims,
    RetiredQueues,
    {
      provide: MessageQueue,
      inject: [SETTINGS, ChangeFeed, MessageClaims, DueMessages, MessageStore, RetiredQueues],
      useFactory: (
        { stores: { rabbitmqUrl } }: Settings,
        feed: ChangeFeed,
        ...[claims, due, messages, retired]: [MessageClaims, DueMessages, MessageStore, RetiredQueues]
      ) =>
        rabbitmqUrl === undefined
          ? new PostgresMessageQueue({ claims, due, feed })
          : new RabbitMessageQueue(rabbitmqUrl, { claims, due, messages, retired }),
    },
    WorkerSlotStore,
    WorkerChanges,
    WorkersService,
    WorkerCount,
    WorkerSupervisor,
    WorkerGauges,
  ],
})
export class MessagesModule {}
