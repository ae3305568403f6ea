import { type OpenAPIObject } from '@nestjs/swagger';

import { PROBLEMS } from './problem.js';

/** Open to everybody: the guards know it by a decorator that the document does not see. */
const PUBLIC_PATHS = /^\/($|status$|metrics$|health\/|auth\/|docs$|openapi\.json$)/;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Every operation can answer any error of its kind: they are the same everywhere, so they are written once. */
export function withErrors(document: OpenAPIObject): void {
  const schemas = { ...document.components?.schemas, Problem: PROBLEM, OpenAiError: OPENAI_ERROR };
  document.components = { ...document.components, schemas };
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      if (PUBLIC_PATHS.test(path)) operation.security = [];
      addErrors(operation, path.startsWith('/v1/'));
    }
  }
}

function addErrors(operation: Operation, openAi: boolean): void {
  const schema = { $ref: `#/components/schemas/${openAi ? 'OpenAiError' : 'Problem'}` };
  const content = { [openAi ? 'application/json' : 'application/problem+json']: { schema } };
  for (const [status, codes] of codesByStatus()) {
    operation.responses[status] ??= { description: codes.join(', '), content };
  }
}

/**
 * A path that the document has takes its methods, nobody reads what a client that left is told, and parts can be asked of
 * files alone, whose own operations say so.
 */
const UNTOLD: ReadonlySet<string> = new Set([
  'client_closed_request',
  'method_not_allowed',
  'range_not_satisfiable',
]);

function codesByStatus(): Map<string, string[]> {
  const byStatus = new Map<string, string[]>();
  for (const [code, { status }] of Object.entries(PROBLEMS)) {
    if (UNTOLD.has(code)) continue;
    byStatus.set(String(status), [...(byStatus.get(String(status)) ?? []), code]);
  }
  return byStatus;
}

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const LIMITS: Schema = {
  type: 'array',
  description: 'The limits that were broken, the one that keeps the caller out longest first.',
  items: { $ref: '#/components/schemas/LimitDto' },
};

const ATTEMPTS: Schema = {
  type: 'array',
  description: 'The providers that were asked, in order.',
  items: {
    type: 'object',
    required: ['provider', 'status', 'reason'],
    properties: {
      provider: { type: 'string' },
      status: { type: 'integer', nullable: true, description: 'What it answered; null where it did not.' },
      reason: { type: 'string' },
    },
  },
};

const FAULTS: Schema = {
  type: 'array',
  description: 'Every fault of the input.',
  items: {
    type: 'object',
    required: ['path', 'message'],
    properties: { path: { type: 'string' }, message: { type: 'string' } },
  },
};

const PROBLEM: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { type: 'string', example: 'urn:cuota:problem:quota_exceeded' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    errors: FAULTS,
    limits: LIMITS,
    attempts: ATTEMPTS,
  },
};

const OPENAI_ERROR: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: 'string', nullable: true },
        code: { type: 'string', nullable: true },
        errors: FAULTS,
        limits: LIMITS,
        attempts: ATTEMPTS,
      },
    },
  },
};
