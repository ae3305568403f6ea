import { setTimeout as delay } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import { type AmqpConnectionManager, type ChannelWrapper, connect } from 'amqp-connection-manager';
import { type Channel } from 'amqplib';

import { gauge } from '../../telemetry/index.js';

import { RabbitLetter } from './rabbit-letter.js';
import { DEAD_LETTER_QUEUE, DEAD_LETTERS, queueOf, WORKSPACE_QUEUE } from './rabbit-topology.js';

const UP = gauge({
  name: 'message_broker_up',
  help: '1 while RabbitMQ is connected, where RABBITMQ_URL is set.',
});

const HEARTBEAT_SEC = 5;
const RECONNECT_SEC = 1;
const CONFIRM_MS = 5_000;
/** For a broker that takes a connection and says nothing. */
const CONNECT_MS = 5_000;
/** What is not confirmed by then is told of again, by whoever runs next. */
const CLOSE_MS = 2_000;
/** Somebody may wait to register the id of the queue that is deleted. */
const ANSWER_MS = 2_000;

/** Ends a consumer; what it has in hand can still be answered. */
export type StopConsuming = () => Promise<void>;

/** The connection to RabbitMQ: one channel to publish on, one for all who consume. It comes back by itself. */
export class RabbitBroker {
  private readonly logger = new Logger('RabbitMQ');
  private readonly connection: AmqpConnectionManager;
  private readonly publisher: ChannelWrapper;
  private readonly consumer: ChannelWrapper;
  private readonly stopTelling: () => void;
  /** Those that are there for sure on the present connection; none while there is none to publish on. */
  private asserted: Set<string> | undefined;
  private lost = false;

  constructor(url: string) {
    this.connection = connect([url], {
      heartbeatIntervalInSeconds: HEARTBEAT_SEC,
      reconnectTimeInSeconds: RECONNECT_SEC,
      connectionOptions: { timeout: CONNECT_MS },
    });
    this.connection.on('connectFailed', ({ err }: { err: Error }) => {
      this.tellLost(err);
    });
    this.connection.on('disconnect', ({ err }: { err: Error }) => {
      this.asserted = undefined;
      this.tellLost(err);
    });
    this.publisher = this.channel((channel) => this.prepare(channel));
    this.consumer = this.channel(() => Promise.resolve());
    this.stopTelling = UP.readFrom(() => [{ labels: {}, value: this.connected ? 1 : 0 }]);
  }

  get connected(): boolean {
    return this.connection.isConnected();
  }

  /** Resolves when the broker has confirmed it. @throws where it has not, and may have it all the same. */
  async publish(workspaceId: string, messageId: string): Promise<void> {
    const queue = queueOf(workspaceId);
    const { asserted } = this;
    if (!asserted) throw new Error('RabbitMQ is not connected.');
    if (!asserted.has(queue)) {
      await this.apart((channel) => channel.assertQueue(queue, WORKSPACE_QUEUE));
      asserted.add(queue);
    }
    await this.send(queue, messageId);
  }

  async bury(messageId: string): Promise<void> {
    if (this.asserted) await this.send(DEAD_LETTERS, messageId);
  }

  /** Has a workspace's letters brought to somebody, one at a time; again after each connection, where the broker does not refuse the queue. */
  consume(workspaceId: string, take: (letter: RabbitLetter) => void): StopConsuming {
    const queue = queueOf(workspaceId);
    let tag: string | undefined;
    const setup = async (channel: Channel) => {
      await this.apart((own) => own.assertQueue(queue, WORKSPACE_QUEUE));
      await channel.prefetch(1);
      const { consumerTag } = await channel.consume(queue, (delivered) => {
        if (delivered) take(new RabbitLetter(channel, delivered));
      });
      tag = consumerTag;
    };
    const begun = this.consumer.addSetup(setup).catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'A queue could not be consumed; its messages are found in PostgreSQL.',
      );
    });
    return async () => {
      await begun;
      await this.consumer.removeSetup(setup, async (channel: Channel) => {
        if (tag !== undefined) await channel.cancel(tag);
      });
    };
  }

  /** Deletes the queue of a workspace that is gone; where there is none, nothing. @throws where the broker refuses, or says nothing for two seconds. */
  async forget(workspaceId: string): Promise<void> {
    const queue = queueOf(workspaceId);
    await this.apart((channel) => channel.deleteQueue(queue));
    this.asserted?.delete(queue);
  }

  /** Ends within two seconds, whatever the broker says. */
  async close(): Promise<void> {
    this.stopTelling();
    const over = new AbortController();
    const closed = this.connection.close().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'The connection to RabbitMQ could not be closed.');
    });
    await Promise.race([closed, delay(CLOSE_MS, undefined, { signal: over.signal })]);
    over.abort();
  }

  /**
   * What the broker may refuse, on a channel of its own: it closes the one on which it does, and with it would go what
   * all workspaces publish and consume.
   */
  private async apart<Answer>(ask: (channel: Channel) => Promise<Answer>): Promise<Answer> {
    const { connection } = this.connection;
    if (!connection) throw new Error('RabbitMQ is not connected.');
    const channel = await inTime(connection.createChannel());
    // It says why, where what was asked only fails for a channel that has ended.
    const refused = new Promise<never>((_, reject) => channel.once('error', reject));
    refused.catch(() => undefined);
    try {
      return await Promise.race([refused, inTime(ask(channel))]);
    } finally {
      void channel.close().catch(() => undefined);
    }
  }

  private channel(setup: (channel: Channel) => Promise<unknown>): ChannelWrapper {
    const channel = this.connection.createChannel({ publishTimeout: CONFIRM_MS, setup });
    channel.on('error', (error: Error) => {
      this.logger.warn({ err: error }, 'A channel to RabbitMQ failed; it is opened again.');
    });
    return channel;
  }

  private async prepare(channel: Channel): Promise<void> {
    this.asserted = undefined;
    await channel.assertQueue(DEAD_LETTERS, DEAD_LETTER_QUEUE);
    this.asserted = new Set();
    if (this.lost) this.logger.log('RabbitMQ is connected again.');
    this.lost = false;
  }

  private async send(queue: string, messageId: string): Promise<void> {
    await this.publisher.sendToQueue(queue, Buffer.from(messageId), { persistent: true, messageId });
  }

  /** Once, until it is back. */
  private tellLost(error: Error): void {
    if (!this.lost)
      this.logger.warn(
        { err: error },
        'RabbitMQ is not connected; messages are found in PostgreSQL meanwhile.',
      );
    this.lost = true;
  }
}

async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer> {
  const answered = new AbortController();
  const late = delay(ANSWER_MS, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`RabbitMQ did not answer within ${ANSWER_MS} ms.`);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    answered.abort();
  }
}
