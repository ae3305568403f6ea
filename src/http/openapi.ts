import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { PROBLEMS } from './problem.js';

const DESCRIPTION =
  'AI generation behind quotas, rates and budgets. Our own endpoints speak camelCase JSON and answer errors as ' +
  "application/problem+json (RFC 9457); `/v1/*` speaks OpenAI's wire format, errors included.";

/** Serves the API document at `/openapi.json` and its reader at `/docs`. */
export function serveOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Cuota')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An API key (`cuota_…`) or the JWT of /auth/login.',
    })
    .addSecurityRequirements('bearer')
    .build();
  const document = withErrors(SwaggerModule.createDocument(app, config));
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
}

/** Open to everybody: the guards know it by a decorator that the document does not see. */
const PUBLIC_PATHS = /^\/($|status$|metrics$|health\/|auth\/)/;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Every operation can answer any error of its kind: they are the same everywhere, so they are written once. */
function withErrors(document: OpenAPIObject): OpenAPIObject {
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
  return document;
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
  items: { type: 'object', additionalProperties: true },
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
    errors: {
      type: 'array',
      items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } } },
    },
    limits: LIMITS,
    attempts: { type: 'array', items: { type: 'object', additionalProperties: true } },
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
        limits: LIMITS,
      },
    },
  },
};
