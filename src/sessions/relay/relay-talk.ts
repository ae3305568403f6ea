import { CodedError } from '../../errors.js';
import { codedErrorOf } from '../../http/index.js';
import { isWireObject, objectAt, type WireObject } from '../../providers/index.js';

import { type Session, type Talk } from '../session.js';
import { endingOf } from '../wire/close-codes.js';
import { readMessage } from '../wire/client-message.js';
import { faultEvent } from '../wire/error-event.js';
import { newId } from '../wire/server-event.js';

import { OwnUpdates } from './own-updates.js';
import { realtimeUsage } from './realtime-usage.js';
import { type ResponseHolds } from './response-holds.js';
import { type ResponsePermits } from './response-permits.js';
import { type TokenEstimate } from './token-estimate.js';
import { type Upstream } from './upstream.js';

/** Client events of which the next response reads more. */
const ADDING = ['input_audio_buffer.append', 'conversation.item.create', 'session.update'];

interface Metering {
  readonly holds: ResponseHolds;
  readonly permits: ResponsePermits;
  readonly estimate: TokenEstimate;
  /** @throws CodedError `unauthorized` where the client's credential is no longer good. */
  authorize(): Promise<void>;
}

/** A talk with a realtime model: events pass as they are, and what they use is held before and settled after. */
export class RelayTalk implements Talk {
  private readonly updates = new OwnUpdates();
  private hearing: Promise<void> = Promise.resolve();
  private over = false;

  constructor(
    private readonly session: Session,
    private readonly upstream: Upstream,
    private readonly metering: Metering,
  ) {
    this.hearing = this.step(() => this.cap());
    upstream.listen(
      (text) => this.step(() => this.fromUpstream(text)),
      () => {
        if (!this.over) void session.end('upstream_lost', upstreamLost());
      },
    );
  }

  hear(text: string | undefined): Promise<void> {
    this.hearing = this.hearing.then(() => this.step(() => this.fromClient(text)));
    return this.hearing;
  }

  async end(): Promise<void> {
    this.over = true;
    this.metering.permits.end();
    await this.upstream.close();
    await this.hearing;
    await this.metering.holds.end();
  }

  private async fromClient(frame: string | undefined): Promise<void> {
    const read = readMessage(frame);
    if (read.kind === 'fault') {
      await this.session.send(faultEvent(read.fault));
      return;
    }
    const { type, json, text } = read.message;
    if (type === 'response.create') await this.ask(json);
    else if (ADDING.includes(type)) await this.added(json, text);
    else await this.upstream.send(text);
  }

  /** A response goes upstream with a cap no larger than what is held for it; not at all without a permit. */
  private async ask(event: WireObject): Promise<void> {
    const { holds, estimate, permits } = this.metering;
    await this.metering.authorize();
    // The provider says by it which response it refused.
    const event_id = typeof event.event_id === 'string' ? event.event_id : newId('event');
    try {
      await permits.take();
    } catch (error) {
      if (!this.over) await this.session.fail(codedErrorOf(error), event_id);
      return;
    }
    const granted = await holds.promise(event_id, estimate.inputOf(event));
    const response = isWireObject(event.response) ? event.response : {};
    const max_output_tokens = this.updates.capOf(granted, response.max_output_tokens);
    await this.upstream.send(
      JSON.stringify({ ...event, event_id, response: { ...response, max_output_tokens } }),
    );
  }

  private async added(event: WireObject, text: string): Promise<void> {
    const { holds, estimate } = this.metering;
    holds.noteInput(estimate.inputOf(event));
    const granted = await this.cap();
    if (event.type !== 'session.update') {
      await this.upstream.send(text);
      return;
    }
    estimate.noteSession(objectAt(event, 'session'));
    const told = this.updates.clients(event, granted);
    await this.upstream.send(told === event ? text : JSON.stringify(told));
  }

  private async fromUpstream(text: string): Promise<void> {
    const event = objectOf(text);
    if (!event) {
      void this.session.end('upstream_lost', upstreamLost());
      return;
    }
    if (this.updates.isAnswer(event)) return;
    const { holds, estimate } = this.metering;
    if (event.type === 'session.created') await this.opened(event);
    if (event.type === 'response.created') await this.begun(event);
    if (event.type === 'error') await this.refused(objectAt(event, 'error')?.event_id);
    holds.delivered(event.response_id, estimate.outputOf(event));
    if (event.type !== 'response.done') {
      await this.session.sendText(text);
      return;
    }
    const response = objectAt(event, 'response');
    const isApart = response?.conversation_id === null;
    await holds.ended(String(response?.id), realtimeUsage(response), isApart);
    await this.session.sendText(text);
    await this.cap();
  }

  /** What an event of the client's asked for is not made: its hold is given back, and a cap that it would have set is told again. */
  private async refused(eventId: unknown): Promise<void> {
    await this.metering.holds.refused(eventId);
    await this.cap();
  }

  /** A session may have instructions that nobody here gave it, which every response reads. */
  private async opened(event: WireObject): Promise<void> {
    const { holds, estimate } = this.metering;
    holds.noteInput(estimate.inputOf(event));
    await this.cap();
  }

  private async begun(event: WireObject): Promise<void> {
    const { holds, permits } = this.metering;
    const id = String(objectAt(event, 'response')?.id);
    try {
      if (!(await holds.begun(id))) await permits.note();
    } catch (error) {
      await this.upstream.send(JSON.stringify({ type: 'response.cancel', response_id: id }));
      throw error;
    }
  }

  /** Holds the next response, and tells the provider how much it may say in one that it makes by itself. */
  private async cap(): Promise<number> {
    const granted = await this.metering.holds.ahead();
    const update = this.updates.capping(granted);
    if (update) await this.upstream.send(JSON.stringify(update));
    return granted;
  }

  /** What fails in one direction ends the session: a provider that is not held to anything must not go on. */
  private async step(work: () => Promise<unknown>): Promise<void> {
    if (this.over) return;
    try {
      await work();
    } catch (error) {
      const coded = codedErrorOf(error);
      // Not awaited: the end waits for this step.
      void this.session.end(endingOf(coded.code), coded);
    }
  }
}

function objectOf(text: string): WireObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isWireObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function upstreamLost(): CodedError {
  return new CodedError(
    'provider_failed',
    'The provider of this session was lost; what it delivered is settled. Open another session.',
  );
}
