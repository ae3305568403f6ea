import { type Harness, newHarness } from '../support/harness.js';
import { isRecord } from '../../src/json-object.js';

interface Documented {
  readonly name: string;
  readonly path: string;
  readonly operation: Record<string, unknown>;
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);
const list = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
const at = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
const entries = (value: unknown): [string, unknown][] => (isRecord(value) ? Object.entries(value) : []);

/** A client that is made from the document must be able to call what is there, and to read what it answers. */
describe('the API document', () => {
  let harness: Harness;
  let document: Record<string, unknown>;
  let operations: Documented[];

  beforeAll(async () => {
    harness = await newHarness();
    document = (await harness.admin.get('/openapi.json')).body;
    operations = entries(document['paths']).flatMap(([path, item]) =>
      entries(item).flatMap(([method, operation]) =>
        METHODS.has(method) && isRecord(operation)
          ? [{ name: `${method.toUpperCase()} ${path}`, path, operation }]
          : [],
      ),
    );
  }, 60_000);

  afterAll(() => harness.stop());

  const faults = (faulty: (documented: Documented) => boolean) =>
    operations.filter(faulty).map(({ name }) => name);

  it('has the pages about itself too, open to everybody', () => {
    for (const path of ['/openapi.json', '/docs']) {
      expect(at(document, 'paths', path, 'get', 'security')).toEqual([]);
      expect(at(document, 'paths', path, 'get', 'responses', '200', 'content')).toBeDefined();
    }
  });

  it('describes each parameter of a path by the name that the path has', () => {
    const inPath = (path: string) =>
      [...path.matchAll(/\{([^}]+)\}/g)]
        .map(([, name]) => name)
        .sort()
        .join();
    const described = (operation: Record<string, unknown>) =>
      list(operation['parameters'])
        .filter((parameter) => parameter['in'] === 'path')
        .map((parameter) => parameter['name'])
        .sort()
        .join();
    expect(faults(({ path, operation }) => described(operation) !== inPath(path))).toEqual([]);
  });

  it('gives each operation an id of its own, after which clients name their functions', () => {
    const ids = operations.map(({ operation }) => operation['operationId']);
    expect(faults(({ operation }) => typeof operation['operationId'] !== 'string')).toEqual([]);
    expect(new Set(ids).size).toBe(operations.length);
  });

  it('says what each answer holds', () => {
    const withBody = (operation: Record<string, unknown>) =>
      entries(operation['responses']).filter(([status]) => !['101', '204'].includes(status));
    expect(faults(({ operation }) => withBody(operation).some(([, told]) => !at(told, 'content')))).toEqual(
      [],
    );
  });

  it('calls a stream of events a text, since its schema cannot be that of one JSON value', () => {
    const streams = operations.flatMap(({ operation }) =>
      entries(operation['responses']).map(([, told]) => at(told, 'content', 'text/event-stream', 'schema')),
    );
    const told = streams.filter((schema) => schema !== undefined);
    expect(told.length).toBeGreaterThan(2);
    for (const schema of told) expect(schema).toMatchObject({ type: 'string' });
  });

  it('has no object of which nothing is known: most often that is a text or a number in truth', () => {
    const found: string[] = [];
    const visit = (schema: unknown, where: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const known = ['properties', 'additionalProperties', 'allOf', 'oneOf', '$ref'].some(
        (key) => key in schema,
      );
      if ('type' in schema && schema.type === 'object' && !known) found.push(where);
      for (const [key, inner] of Object.entries(schema))
        if (key !== 'example') visit(inner, `${where}/${key}`);
    };
    visit(document['components'], '');
    visit(document['paths'], '');
    expect(found).toEqual([]);
  });

  it('names what a metered call may carry, and the headers of its answer', () => {
    const script = at(document, 'paths', '/generate/script', 'post');
    const carried = list(at(script, 'parameters')).map((parameter) => parameter['name']);
    expect(carried).toEqual(
      expect.arrayContaining(['X-Workspace-Id', 'X-Workflow-Id', 'X-Session-Id', 'Idempotency-Key']),
    );
    const told = Object.keys(at(script, 'responses', '200', 'headers') ?? {});
    expect(told).toEqual(
      expect.arrayContaining(['X-Request-Id', 'X-Usage-Id', 'X-Quota-Limit', 'RateLimit']),
    );
    expect(Object.keys(at(script, 'responses', '429', 'headers') ?? {})).toEqual(
      expect.arrayContaining(['X-Request-Id', 'Retry-After', 'X-Should-Retry']),
    );
  });
});
