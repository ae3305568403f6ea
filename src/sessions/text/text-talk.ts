import { codedErrorOf } from '../../http/index.js';

import { type Session, type Talk } from '../session.js';
import {
  type ClientEvent,
  type EventFault,
  type Manner,
  readClientEvent,
  type ResponseWish,
} from '../wire/client-events.js';
import { faultEvent } from '../wire/error-event.js';
import { type ServerEvent } from '../wire/server-event.js';

import { chatBody } from './chat-body.js';
import { chatMessages, Conversation } from './conversation.js';
import { type ResponseAsked, type ResponseRun } from './response-run.js';

type EventOf<Type extends ClientEvent['type']> = Extract<ClientEvent, { type: Type }>;

/** One client's talk with a text model. Everything but making a response is done at once, in the order in which it was said. */
export class TextTalk implements Talk {
  private readonly conversation = new Conversation();
  private manner: Manner = {};
  private running: { readonly run: ResponseRun; readonly done: Promise<void> } | undefined;

  constructor(
    private readonly session: Session,
    private readonly model: string | undefined,
    private readonly newRun: (asked: ResponseAsked) => ResponseRun,
  ) {
    this.tell({ type: 'session.created', session: this.view(), cuota: session.created });
  }

  hear(text: string | undefined): void {
    const read = readClientEvent(text ?? '');
    if (read.kind === 'fault') this.refuse(read.fault);
    else this.obey(read.event);
  }

  async end(): Promise<void> {
    this.running?.run.cancel();
    await this.running?.done;
  }

  private obey(event: ClientEvent): void {
    switch (event.type) {
      case 'session.update':
        this.manner = { ...this.manner, ...event.session };
        this.tell({ type: 'session.updated', session: this.view() });
        return;
      case 'conversation.item.create':
        this.addItem(event);
        return;
      case 'conversation.item.retrieve':
        this.showItem(event);
        return;
      case 'conversation.item.delete':
        this.dropItem(event);
        return;
      case 'response.create':
        this.respond(event);
        return;
      case 'response.cancel':
        this.cancel(event);
        return;
    }
  }

  private addItem({ item, previous_item_id, event_id: eventId }: EventOf<'conversation.item.create'>): void {
    const added = this.conversation.add(item, previous_item_id);
    if (added.kind === 'refused') {
      const { message, param } = added;
      this.refuse({ code: 'invalid_value', message, param, eventId });
      return;
    }
    const shown = { ...added.item, object: 'realtime.item', status: 'completed' };
    for (const type of ['conversation.item.added', 'conversation.item.done'])
      this.tell({ type, previous_item_id: added.previousId, item: shown });
  }

  private showItem({ item_id: id, event_id: eventId }: EventOf<'conversation.item.retrieve'>): void {
    const item = this.conversation.find(id);
    if (item) this.tell({ type: 'conversation.item.retrieved', item: { ...item, object: 'realtime.item' } });
    else this.refuse(noItem(id, eventId));
  }

  private dropItem({ item_id: id, event_id: eventId }: EventOf<'conversation.item.delete'>): void {
    if (this.conversation.remove(id)) this.tell({ type: 'conversation.item.deleted', item_id: id });
    else this.refuse(noItem(id, eventId));
  }

  private respond({ response: wish = {}, event_id: eventId }: EventOf<'response.create'>): void {
    if (this.running) {
      const message = 'A response is under way: wait for its response.done, or send response.cancel.';
      this.refuse({ code: 'invalid_value', message, param: null, eventId });
      return;
    }
    const run = this.newRun(this.askedOf(wish, eventId));
    const done = run
      .run()
      .catch((error: unknown) => void this.session.fail(codedErrorOf(error), eventId))
      .finally(() => {
        this.running = undefined;
      });
    this.running = { run, done };
  }

  private askedOf(wish: ResponseWish, eventId: string | undefined): ResponseAsked {
    const apart = wish.conversation === 'none';
    const messages = wish.input ? chatMessages(wish.input) : this.conversation.messages();
    return {
      body: chatBody(this.model, messages, { ...this.manner, ...wish }),
      conversationId: apart ? null : this.conversation.id,
      metadata: wish.metadata,
      eventId,
      keep: (item) => {
        if (apart) return null;
        const added = this.conversation.add(item);
        return added.kind === 'added' ? added.previousId : null;
      },
    };
  }

  private cancel({ event_id: eventId, response_id: id }: EventOf<'response.cancel'>): void {
    if (this.running && (id === undefined || id === this.running.run.id)) this.running.run.cancel();
    else
      this.refuse({ code: 'invalid_value', message: 'No such response is under way.', param: null, eventId });
  }

  private view(): Record<string, unknown> {
    const { id, expiresAtMs } = this.session.facts;
    const { max_output_tokens: most = 'inf', tools = [], tool_choice: choice = 'auto' } = this.manner;
    return {
      object: 'realtime.session',
      type: 'realtime',
      id,
      model: this.model ?? 'auto',
      output_modalities: ['text'],
      instructions: this.manner.instructions ?? '',
      tools,
      tool_choice: choice,
      max_output_tokens: most,
      expires_at: Math.floor(expiresAtMs / 1000),
    };
  }

  private refuse(fault: EventFault): void {
    this.tell(faultEvent(fault));
  }

  /** Answers to a client's own events are short, and it sends the next one when it has read: nobody waits for them. */
  private tell(event: ServerEvent): void {
    void this.session.send(event);
  }
}

function noItem(id: string, eventId: string | undefined): EventFault {
  const message = `There is no item ${JSON.stringify(id)} in this session.`;
  return { code: 'invalid_value', message, param: 'item_id', eventId };
}
