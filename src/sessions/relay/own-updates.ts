import { isWireObject, objectAt, type WireObject } from '../../providers/index.js';
import { newId } from '../wire/server-event.js';

/** An update of the session that the provider has not answered. */
interface Asked {
  readonly eventId: string;
  readonly isOurs: boolean;
  /** What the client wants of every response from here on, where it said so. */
  readonly wish: number | undefined;
}

/**
 * Caps what the provider may say by updates of the session, between those of the client: the provider's answers to them are
 * nobody's but ours. It answers in the order in which it was asked.
 */
export class OwnUpdates {
  private readonly asked: Asked[] = [];
  /** The last wish that the provider has taken. */
  private taken = Number.POSITIVE_INFINITY;
  private told: number | undefined;

  /** The cap of a response that says nothing of it, or what is none. */
  capOf(granted: number, asked?: unknown): number {
    return Math.min(granted, asked === undefined || asked === null ? this.wish : wishOf(asked));
  }

  /** An update of ours where the provider has to hear of another cap. */
  capping(granted: number): WireObject | undefined {
    const cap = this.capOf(granted);
    if (cap === this.told) return undefined;
    this.told = cap;
    const eventId = newId('event');
    this.asked.push({ eventId, isOurs: true, wish: undefined });
    return {
      type: 'session.update',
      event_id: eventId,
      session: { type: 'realtime', max_output_tokens: cap },
    };
  }

  /** The client's update as it goes upstream: with an id, by which the provider says that it refused it. */
  clients(event: WireObject, granted: number): WireObject {
    const { session, event_id } = event;
    const isNamed = typeof event_id === 'string';
    const eventId = isNamed ? event_id : newId('event');
    const most = isWireObject(session) ? session.max_output_tokens : undefined;
    this.asked.push({ eventId, isOurs: false, wish: most === undefined ? undefined : wishOf(most) });
    if (!isWireObject(session) || most === undefined)
      return isNamed ? event : { ...event, event_id: eventId };
    this.told = this.capOf(granted);
    return { ...event, event_id: eventId, session: { ...session, max_output_tokens: this.told } };
  }

  /** Whether an event answers an update of ours. */
  isAnswer(event: WireObject): boolean {
    if (event.type === 'session.updated') return this.wasTaken();
    return event.type === 'error' && this.wasRefused(objectAt(event, 'error')?.event_id);
  }

  private get wish(): number {
    return this.asked.findLast(({ wish }) => wish !== undefined)?.wish ?? this.taken;
  }

  private wasTaken(): boolean {
    const update = this.asked.shift();
    this.taken = update?.wish ?? this.taken;
    return update?.isOurs ?? false;
  }

  private wasRefused(eventId: unknown): boolean {
    const at = this.asked.findIndex((update) => update.eventId === eventId);
    const [update] = at < 0 ? [] : this.asked.splice(at, 1);
    // The provider has the cap of before, whichever that was: it is to be told again.
    if (update && !update.isOurs) this.told = undefined;
    return update?.isOurs ?? false;
  }
}

/** What is no number of tokens is no wish: what is granted is the cap then. */
function wishOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
}
