import { type WireObject } from './provider.port.js';
import { isWireObject, objectAt, objectsAt } from './wire-object.js';

const MAX_DEPTH = 8;
const MAX_ITEMS = 5;

const TEXT_OF_FORMAT: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'simulated@example.com',
  uri: 'https://example.com/simulated',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** JSON text that a JSON schema plausibly allows: its first choices and lowest bounds. `{}` without a schema. */
export function plausibleJson(schema: WireObject | undefined): string {
  return JSON.stringify(schema ? valueOf(schema, { root: schema, depth: 0 }) : {});
}

interface Place {
  readonly root: WireObject;
  readonly depth: number;
}

function valueOf(schema: WireObject, place: Place): unknown {
  const deeper = { root: place.root, depth: place.depth + 1 };
  if (place.depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0];
  if (typeof schema.$ref === 'string') return valueOf(referred(schema.$ref, place.root), deeper);
  const variants = [...objectsAt(schema, 'anyOf'), ...objectsAt(schema, 'oneOf')];
  const variant = variants.find(({ type }) => type !== 'null');
  if (variant) return valueOf(variant, deeper);
  const all = objectsAt(schema, 'allOf');
  if (all.length > 0) return Object.assign({}, ...all.map((part) => valueOf(part, deeper)));
  return typedValue(typeOf(schema), schema, deeper);
}

function typedValue(type: unknown, schema: WireObject, place: Place): unknown {
  switch (type) {
    case 'object':
      return objectOf(schema, place);
    case 'array':
      return arrayOf(schema, place);
    case 'integer':
    case 'number':
      return lowest(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return textOf(schema);
  }
}

function typeOf(schema: WireObject): unknown {
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const type = types.find((name) => name !== 'null') ?? types[0];
  return type ?? (isWireObject(schema.properties) ? 'object' : undefined);
}

function objectOf(schema: WireObject, place: Place): WireObject {
  const properties = objectAt(schema, 'properties') ?? {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      isWireObject(property) ? valueOf(property, place) : null,
    ]),
  );
}

function arrayOf(schema: WireObject, place: Place): unknown[] {
  const items = objectAt(schema, 'items');
  if (!items) return [];
  const length = Math.min(Math.max(1, Math.floor(numberAt(schema, 'minItems') ?? 1)), MAX_ITEMS);
  return Array.from({ length }, () => valueOf(items, place));
}

function lowest(schema: WireObject): number {
  const above = numberAt(schema, 'exclusiveMinimum');
  return (
    numberAt(schema, 'minimum') ?? (above === undefined ? (numberAt(schema, 'maximum') ?? 1) : above + 1)
  );
}

function textOf(schema: WireObject): string {
  const format = typeof schema.format === 'string' ? schema.format : '';
  const text = Object.hasOwn(TEXT_OF_FORMAT, format) ? (TEXT_OF_FORMAT[format] ?? '') : 'simulated';
  const { maxLength } = schema;
  return typeof maxLength === 'number' && maxLength >= 0 ? text.slice(0, maxLength) : text;
}

function numberAt(schema: WireObject, field: string): number | undefined {
  const value = schema[field];
  return typeof value === 'number' ? value : undefined;
}

/** `#/$defs/step` and `#` within the schema; anything else is an empty schema. */
function referred(ref: string, root: WireObject): WireObject {
  let current: WireObject | undefined = root;
  for (const part of ref.replace(/^#\/?/, '').split('/')) {
    if (part !== '') current = objectAt(current, part);
  }
  return current ?? {};
}
