import { RouteConfig } from '@nestjs/platform-fastify';
import { type FastifyInstance } from 'fastify';

import { CodedError, validationFailed } from '../errors.js';

const FORM = 'multipart/form-data';

/** A route that takes `multipart/form-data` beside JSON. */
export function TakesForms(): MethodDecorator & ClassDecorator {
  return RouteConfig({ takesForms: true });
}

/**
 * Reads forms for the routes that take them; on other routes they are a 415. As OpenAI's clients write them: a field `a[b]` is
 * one of the object `a`, and a file is told as its data URL.
 */
export function readForms(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<Buffer>(FORM, { parseAs: 'buffer' }, (request, body, done) => {
    if (request.is404) {
      done(null, undefined);
      return;
    }
    const { config } = request.routeOptions;
    if (!('takesForms' in config)) {
      done(new CodedError('unsupported_media_type', `${FORM} is not taken here: send application/json.`));
      return;
    }
    const type = request.headers['content-type'] ?? FORM;
    formOf(body, type).then(
      (form) => {
        done(null, form);
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

async function formOf(body: Buffer, type: string): Promise<object> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of await entriesOf(body, type)) {
    const [, outer, inner] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name) ?? [];
    const read = typeof value === 'string' ? value : await dataUrl(value);
    if (outer === undefined || inner === undefined) fields.set(name, read);
    else fields.set(outer, new Map(asMap(fields.get(outer))).set(inner, read));
  }
  return Object.fromEntries([...fields].map(([name, value]) => [name, plain(value)]));
}

async function entriesOf(body: Buffer, type: string) {
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it has all of a form in memory: here the body's limit bounds that
    return [...(await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData())];
  } catch {
    throw validationFailed([{ path: 'body', message: `must be ${FORM} with the boundary that it names` }]);
  }
}

async function dataUrl(file: Blob): Promise<string> {
  const bytes = Buffer.from(await file.arrayBuffer());
  return `data:${file.type || 'application/octet-stream'};base64,${bytes.toString('base64')}`;
}

function asMap(value: unknown): Iterable<readonly [string, unknown]> {
  return value instanceof Map ? (value as Map<string, unknown>) : [];
}

function plain(value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
