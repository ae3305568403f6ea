import { isRecord as isWireObject } from '../json-object.js';
import { type WireObject } from './provider.port.js';

export { isWireObject };

/** The object that a field holds, `undefined` where it holds none. */
export function objectAt(parent: WireObject | undefined, field: string): WireObject | undefined {
  const value = parent?.[field];
  return isWireObject(value) ? value : undefined;
}

/** The objects in the list that a field holds. */
export function objectsAt(parent: WireObject | undefined, field: string): readonly WireObject[] {
  const value = parent?.[field];
  return Array.isArray(value) ? value.filter(isWireObject) : [];
}
