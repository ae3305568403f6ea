import { Inject, Injectable, Logger } from '@nestjs/common';

import { SETTINGS, type Settings } from '../../config/index.js';
import { isDatabaseAway } from '../../database/index.js';
import { CodedError } from '../../errors.js';
import {
  Clock,
  RateLimitingService,
  type Reservation,
  runInCallContext,
  storeUnavailable,
} from '../../rate-limiting/index.js';
import { contextOf, markFailed, openSpan } from '../../telemetry/index.js';

import { type AnsweredRun, MessageAnswerer } from './message.answerer.js';
import { type MessageFault } from './message.entity.js';
import { afterTry, type NextStep, type Patience, stepAfter } from './message-failure.js';
import { MessageLeases } from './message-leases.js';
import { DURATION, RUNS } from './message.metrics.js';
import { type ClaimedMessage, type MessageAge, MessageStore } from './message.store.js';
import { RunLost } from './run-lost.js';

/** What became of a message in one run, and how long its worker should rest, so that it does not go through the whole queue in vain. */
export interface RunEnd {
  readonly fate: 'ended' | 'later' | 'dead';
  readonly restMs: number;
}

const ENDED: RunEnd = { fate: 'ended', restMs: 0 };
const LATER: RunEnd = { fate: 'later', restMs: 0 };
const LONGEST_REST_MS = 5_000;

/** One run of a message: from the worker that took it on to what is written of it. */
@Injectable()
export class MessageRuns {
  private readonly logger = new Logger('Messages');

  constructor(
    private readonly answerer: MessageAnswerer,
    private readonly messages: MessageStore,
    private readonly leases: MessageLeases,
    private readonly limiting: RateLimitingService,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws only where it cannot be written down what came of it: then it is taken on again when its lease is over. */
  async run(message: ClaimedMessage): Promise<RunEnd> {
    const lease = this.leases.hold(message);
    const { traceparent } = message;
    const span = openSpan('message', { parent: contextOf(traceparent === null ? {} : { traceparent }) });
    span?.span.setAttributes({ 'cuota.message_id': message.id, 'cuota.message_attempt': message.attempts });
    try {
      const work = () => this.work(message, lease.signal);
      return await (span ? span.run(work) : work());
    } catch (error) {
      if (span) markFailed(span.span, error);
      throw error;
    } finally {
      span?.span.end();
      lease.end();
    }
  }

  private async work(message: ClaimedMessage, signal: AbortSignal): Promise<RunEnd> {
    if (message.leftBehind) await this.giveBack(message.leftBehind);
    if (message.stage === 'settling') return this.charge(message);
    if (message.attempts > this.settings.messages.maxAttempts) {
      const text =
        'The process that worked at it ended each time before there was an answer. Nothing was charged.';
      return this.fail(message, { code: 'internal_error', message: text });
    }
    let answered: AnsweredRun;
    try {
      answered = await this.answer(message, signal);
    } catch (error) {
      return this.cameToNothing(message, isDatabaseAway(error) ? storeUnavailable(error) : error);
    }
    return this.charged({ ...message, stage: 'settling', error: answered.error });
  }

  private answer(message: ClaimedMessage, signal: AbortSignal): Promise<AnsweredRun> {
    const { id, caller, reservationId } = message;
    const context = { requestId: id, caller, hangUp: { signal }, nextReservationId: reservationId };
    return runInCallContext(context, async () => {
      const call = await this.answerer.prepare(message);
      return this.answerer.answer({ message, call, signal });
    });
  }

  /** Its answer was kept by a run that died before it was charged, or that could not say so. */
  private async charge(message: ClaimedMessage): Promise<RunEnd> {
    const { reservation, reservationId, usage } = message;
    if (!reservation || !usage) throw new Error(`The message ${message.id} has nothing to settle.`);
    this.limiting.resume(reservation);
    await this.limiting.settle(reservationId, usage);
    return this.charged(message);
  }

  /** Its answer is paid, and was what was asked for, or was a try. */
  private charged(message: ClaimedMessage): Promise<RunEnd> {
    return message.error
      ? this.next(message, afterTry(message.error, this.patienceWith(message)))
      : this.complete(message);
  }

  private async complete(message: ClaimedMessage): Promise<RunEnd> {
    this.count('completed', await this.messages.end(message, 'completed'), 'completed');
    return ENDED;
  }

  private async cameToNothing(message: ClaimedMessage, error: unknown): Promise<RunEnd> {
    if (error instanceof RunLost) {
      RUNS.add({ outcome: 'lost' });
      return LATER;
    }
    if (!(error instanceof CodedError))
      this.logger.warn({ err: error, message: message.id }, 'A message stumbled.');
    return this.next(message, stepAfter(error, this.patienceWith(message)));
  }

  private patienceWith({ attempts, createdAt }: ClaimedMessage): Patience {
    const { maxAttempts, retryDelayMs, maxAgeSec } = this.settings.messages;
    const tooOld = this.clock.now() - createdAt.getTime() >= maxAgeSec * 1000;
    return { attempts, maxAttempts, retryDelayMs, tooOld };
  }

  private next(message: ClaimedMessage, step: NextStep): Promise<RunEnd> {
    return step.kind === 'fail' ? this.fail(message, step.fault) : this.later(message, step);
  }

  private async later(message: ClaimedMessage, step: Exclude<NextStep, { kind: 'fail' }>): Promise<RunEnd> {
    const waits = step.kind === 'wait';
    const attempts = message.attempts - (waits ? 1 : 0);
    const error = waits ? message.error : step.fault;
    const put = await this.messages.putBack(message, step.waitMs, { attempts, error });
    this.count(waits ? 'waited' : 'retried', put);
    return { fate: 'later', restMs: waits ? Math.min(LONGEST_REST_MS, step.waitMs) : 0 };
  }

  private async fail(message: ClaimedMessage, error: MessageFault): Promise<RunEnd> {
    const written = await this.messages.end(message, 'failed', { error });
    this.count('failed', written, 'failed');
    // Another run has it: that one tells the queue what came of it.
    if (!written) return LATER;
    this.logger.warn({ message: message.id, code: error.code }, 'A message has failed.');
    return { fate: 'dead', restMs: 0 };
  }

  /** Where that cannot be told now, or this process dies before it is, the sweeper asks for the run and does it. */
  private async giveBack(left: Reservation): Promise<void> {
    try {
      this.limiting.resume(left);
      await this.limiting.release(left.id);
    } catch (error) {
      this.logger.warn(
        { err: error, reservation: left.id },
        'What a dead run held could not be given back yet.',
      );
    }
  }

  private count(outcome: string, age: MessageAge | undefined, status?: string): void {
    RUNS.add({ outcome: age ? outcome : 'lost' });
    if (age && status !== undefined) DURATION.observe({ status }, age.seconds);
  }
}
