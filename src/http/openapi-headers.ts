import { type OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = NonNullable<Operation['parameters']>[number];
type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;

const text = (description: string): Headers[string] => ({ description, schema: { type: 'string' } });
const whole = (description: string): Headers[string] => ({ description, schema: { type: 'integer' } });

const ALWAYS: Headers = { 'X-Request-Id': text('Of this request: the one that was sent, or a new one.') };

const OF_RATES: Headers = {
  'X-RateLimit-Limit': whole('Requests a minute that this endpoint takes of this caller.'),
  'X-RateLimit-Remaining': whole('How many may come at once now.'),
  'X-RateLimit-Reset': whole('Unix seconds at which all of them may come at once again.'),
  RateLimit: text('Every limit that was met: what is left, and in how many seconds room returns.'),
  'RateLimit-Policy': text('Every limit that was met: how much, in how many seconds.'),
};

const OF_CALLS: Headers = {
  'X-Usage-Id': text('The id of the ledger row that this call leaves.'),
  'X-Quota-Limit': text('Of the tightest monthly quota; money in USD.'),
  'X-Quota-Remaining': text('What is left of it.'),
  'X-Quota-Reset': whole('Unix seconds at which it begins anew.'),
  'X-Cuota-Provider': text('The provider that answered.'),
  'X-Quota-Exceeded': text('The soft limits that the call went past, with commas between them.'),
};

const OF_REFUSALS: Headers = {
  'Retry-After': whole('Seconds to wait.'),
  'X-Should-Retry': text('`false` where waiting a minute does not help.'),
};

const OF_STRANGERS: Headers = { 'WWW-Authenticate': text('`Bearer`: how one says who is calling.') };

const REFUSED = new Set(['429', '503']);

const CALL_HEADERS: Parameter[] = [
  ['X-Workspace-Id', 'The workspace in whose name the call is made; its members only.'],
  ['X-Workflow-Id', 'The workflow that the call belongs to.'],
  ['X-Session-Id', 'The realtime session whose budget the call is held to as well.'],
].map(([name = '', description = '']) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', minLength: 1, maxLength: 128 },
}));

/** Tells which headers every answer has, those of a metered call beside them, and what such a call may carry. */
export function withHeaders(document: OpenAPIObject): void {
  const headers = { ...ALWAYS, ...OF_RATES, ...OF_CALLS, ...OF_REFUSALS, ...OF_STRANGERS };
  document.components = { ...document.components, headers };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of [item.get, item.post, item.put, item.patch, item.delete]) {
      if (operation) tellHeaders(operation, path);
    }
  }
}

function tellHeaders(operation: Operation, path: string): void {
  const metered = isMetered(operation);
  if (metered) operation.parameters = [...(operation.parameters ?? []), ...callHeaders(path)];
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || '$ref' in response) continue;
    const names = Object.keys({
      ...ALWAYS,
      ...OF_RATES,
      ...(metered && status.startsWith('2') && !isMessage(path) && OF_CALLS),
      ...(REFUSED.has(status) && OF_REFUSALS),
      ...(status === '401' && OF_STRANGERS),
    });
    response.headers = {
      ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
      ...response.headers,
    };
  }
}

/** What may be called again without paying again is what is paid for. */
function isMetered({ parameters = [] }: Operation): boolean {
  return parameters.some((told) => 'name' in told && told.name === 'Idempotency-Key');
}

/** A message is metered when a worker runs it, in the name of the workspace that its body names. */
function isMessage(path: string): boolean {
  return path.startsWith('/message');
}

function callHeaders(path: string): Parameter[] {
  return isMessage(path) ? [] : CALL_HEADERS;
}
