import { type OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Response = Extract<Operation['responses'][string], { description: string }>;

/** Puts right what cannot be read off the controllers: the pages that are none of theirs, and what a path or a stream is called. */
export function withOwnPages(document: OpenAPIObject): void {
  document.paths['/openapi.json'] = page('ApiDocument', 'This document', {
    'application/json': { schema: { type: 'object', additionalProperties: true } },
  });
  document.paths['/docs'] = page('ApiReader', 'This document, to be read and tried in a browser', {
    'text/html': { schema: { type: 'string' } },
  });
  nameWildcards(document);
  for (const item of Object.values(document.paths)) {
    for (const operation of [item.get, item.post]) if (operation) tellStreamsAsText(operation);
  }
}

function page(
  operationId: string,
  summary: string,
  content: NonNullable<Response['content']>,
): OpenAPIObject['paths'][string] {
  return {
    get: { tags: ['health'], operationId, summary, responses: { 200: { description: '', content } } },
  };
}

/** A wildcard has no name where routes are declared: the parameter that describes it gives the path its own. */
function nameWildcards(document: OpenAPIObject): void {
  const named = Object.entries(document.paths).map(([path, item]) => {
    if (!item.get?.parameters || !path.endsWith('{path}')) return [path, item] as const;
    item.get.parameters = item.get.parameters.filter((told) => !('name' in told) || told.name !== '*');
    return [path.replace('{path}', '{id}'), item] as const;
  });
  document.paths = Object.fromEntries(named);
}

/** One schema is told for all media types of an answer, and events are no JSON value. */
function tellStreamsAsText(operation: Operation): void {
  for (const response of Object.values(operation.responses)) {
    if (!response || '$ref' in response || !response.content?.['text/event-stream']) continue;
    response.content['text/event-stream'] = {
      schema: { type: 'string', description: 'Server-sent events, each with its data in JSON.' },
    };
  }
}
