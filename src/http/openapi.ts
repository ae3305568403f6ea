import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

import { withErrors } from './openapi-errors.js';
import { withHeaders } from './openapi-headers.js';
import { withOwnPages } from './openapi-pages.js';

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
  const document = SwaggerModule.createDocument(app, config);
  withOwnPages(document);
  withErrors(document);
  withHeaders(document);
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
}
