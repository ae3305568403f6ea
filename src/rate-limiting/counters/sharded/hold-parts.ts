import { type HeldCounter, type Hold } from '../../domain/counters.js';
import { type ReservationId, reservationId } from '../../domain/ids.js';

/** What one place keeps of a hold. */
export interface HoldPart {
  readonly place: number;
  readonly hold: Hold;
  /** Where the part's counters stand in the whole hold. */
  readonly indexes: readonly number[];
}

/**
 * The id under which a place keeps its part: it names all places, so that whoever finds one part knows of the others.
 * A hold that is all in one place has its own.
 */
export function partId(id: ReservationId, places: readonly number[]): ReservationId {
  return places.length < 2 ? id : reservationId(`${id}@${places.join('.')}`);
}

/** The whole hold's id, and the places that keep it; one that is in one place names none. */
export function readPartId(id: ReservationId): { id: ReservationId; places: number[] } {
  const [, whole, places] = /^(.*)@([\d.]+)$/s.exec(id) ?? [];
  if (whole === undefined || places === undefined) return { id, places: [] };
  return { id: reservationId(whole), places: places.split('.').map(Number) };
}

/** A hold as its places keep it. */
export function partsOf(hold: Hold, placeOfCounter: (held: HeldCounter) => number): HoldPart[] {
  const { parts, ...whole } = hold;
  const indexes = new Map<number, number[]>();
  hold.counters.forEach((held, index) => {
    const place = placeOfCounter(held);
    indexes.set(place, [...(indexes.get(place) ?? []), index]);
  });
  const places = [...indexes.keys()].sort((a, b) => a - b);
  const id = partId(hold.id, parts?.places ?? places);
  return places.map((place) => {
    const own = indexes.get(place) ?? [];
    const counters = hold.counters.filter((_, index) => own.includes(index));
    return { place, indexes: own, hold: { ...whole, id, counters } };
  });
}

/** The hold of its parts, as many as there are. */
export function wholeOf(parts: readonly Hold[]): Hold {
  const [first] = parts;
  if (!first) throw new Error('A hold of no parts is none.');
  const { id, places } = readPartId(first.id);
  const whole = {
    id,
    deadlineMs: Math.min(...parts.map(({ deadlineMs }) => deadlineMs)),
    counters: parts.flatMap(({ counters }) => counters),
  };
  return places.length === 0 ? whole : { ...whole, parts: { places, missing: parts.length < places.length } };
}
