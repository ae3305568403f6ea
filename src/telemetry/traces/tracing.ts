import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

/** Undefined while nothing is traced: then nothing here makes an object, and a call site's attributes are never built. */
let tracer: Tracer | undefined;

/** From now on spans are made by this tracer; its context manager and propagator must be registered. */
export function traceWith(given: Tracer): void {
  tracer = given;
}

/** From now on nothing is traced. */
export function traceNothing(): void {
  tracer = undefined;
}

/** The span of the work in hand; none while nothing is traced. `currentSpan()?.setAttribute(…)` costs a look then. */
export function currentSpan(): Span | undefined {
  return tracer && trace.getActiveSpan();
}

/** The trace that the work in hand belongs to, as it is known by its readers. */
export function currentTraceId(): string | undefined {
  return currentSpan()?.spanContext().traceId;
}

/** Runs work inside a span of its own, which ends when it does; what it throws is told by its name and code alone. */
export function inSpan<Result>(
  name: string,
  work: (span: Span | undefined) => Promise<Result>,
): Promise<Result> {
  return tracer ? inSpanOf(tracer, name, work) : work(undefined);
}

function inSpanOf<Result>(by: Tracer, name: string, work: (span: Span) => Promise<Result>): Promise<Result> {
  return by.startActiveSpan(name, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that is begun here and ended elsewhere, and what runs inside of it; nothing while nothing is traced. */
export function openSpan(
  name: string,
  { kind = SpanKind.INTERNAL, parent = context.active() } = {},
): OpenSpan | undefined {
  if (!tracer) return undefined;
  const span = tracer.startSpan(name, { kind }, parent);
  return new OpenSpan(span, trace.setSpan(parent, span));
}

/** A span whose end is not the end of one function: a request, a stream. */
export class OpenSpan {
  constructor(
    readonly span: Span,
    private readonly inside: Context,
  ) {}

  run<Result>(work: () => Result): Result {
    return context.with(this.inside, work);
  }
}

/** Of an error only what can hold no secret: messages may quote a prompt or a provider's words. */
export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', typeOf(error));
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** What a message or a job carries, so that who takes it up later goes on with the same trace (W3C `traceparent`). */
export function traceparentNow(): string | undefined {
  if (!tracer) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** The context that a caller's headers, or a message, carried; the one in hand where they carried none. */
export function contextOf(carrier: Readonly<Record<string, unknown>>): Context {
  return tracer ? propagation.extract(context.active(), carrier) : context.active();
}
