import { isWireObject, objectAt, type WireObject } from '../../providers/index.js';
import { newId } from '../wire/server-event.js';

/**
 * Caps what the provider may say by updates of the session, between those of the client: the provider's answers to them are
 * nobody's but ours. It answers in the order in which it was asked.
 */
export class OwnUpdates {
  /** Whose the updates are that are not answered yet: the id of ours, nothing for the client's. */
  private readonly asked: (string | undefined)[] = [];
  /** What the client wants of every response. */
  private wish = Number.POSITIVE_INFINITY;
  private told: number | undefined;

  /** The cap of a response that says nothing of it. */
  capOf(granted: number, asked?: unknown): number {
    return Math.min(granted, typeof asked === 'number' ? asked : this.wish);
  }

  /** An update of ours where the provider has to hear of another cap. */
  capping(granted: number): WireObject | undefined {
    const cap = this.capOf(granted);
    if (cap === this.told) return undefined;
    this.told = cap;
    const id = newId('event');
    this.asked.push(id);
    return { type: 'session.update', event_id: id, session: { type: 'realtime', max_output_tokens: cap } };
  }

  /** The client's update as it goes upstream. */
  clients(event: WireObject, granted: number): WireObject {
    this.asked.push(undefined);
    const { session } = event;
    if (!isWireObject(session) || session.max_output_tokens === undefined) return event;
    const { max_output_tokens: wish } = session;
    this.wish = typeof wish === 'number' ? wish : Number.POSITIVE_INFINITY;
    this.told = this.capOf(granted);
    return { ...event, session: { ...session, max_output_tokens: this.told } };
  }

  /** Whether an event answers an update of ours. */
  isAnswer(event: WireObject): boolean {
    if (event.type === 'session.updated') return this.asked.shift() !== undefined;
    const about = event.type === 'error' ? objectAt(event, 'error')?.event_id : undefined;
    const at = typeof about === 'string' ? this.asked.indexOf(about) : -1;
    if (at >= 0) this.asked.splice(at, 1);
    return at >= 0;
  }
}
