import { context, diag, type DiagLogger, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { Logger } from '@nestjs/common';

import { type Settings } from '../config/index.js';
import { traceNothing, traceWith } from '../telemetry/index.js';

/** How long an end of the process waits for spans that are not sent yet. */
const LAST_SPANS_MS = 5_000;

let provider: NodeTracerProvider | undefined;

/** Sends spans to OTEL_EXPORTER_OTLP_ENDPOINT from now on; does nothing where that is not set. */
export function startTracing({ otlpEndpoint }: Settings['telemetry']): void {
  if (otlpEndpoint === undefined || provider) return;
  diag.setLogger(troubleLog(), DiagLogLevel.WARN);
  const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` });
  provider = new NodeTracerProvider({
    // The environment's own OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'cuota' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  traceWith(provider.getTracer('cuota'));
}

/** Sends what has ended, and traces nothing more. */
export async function stopTracing(): Promise<void> {
  const stopped = provider;
  if (!stopped) return;
  provider = undefined;
  traceNothing();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_SPANS_MS);
  });
  // Nobody is there to hear of it any more.
  await Promise.race([stopped.shutdown().catch(() => undefined), late]);
  clearTimeout(timer);
  for (const api of [trace, context, propagation, diag]) api.disable();
}

/** A collector that cannot be reached is said in the log, and costs no call anything. */
function troubleLog(): DiagLogger {
  const logger = new Logger('Tracing');
  const warn = (message: string) => {
    logger.warn(message);
  };
  const nothing = () => undefined;
  return { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };
}
