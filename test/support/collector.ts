import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { until } from './until.js';

/** One span as it was sent. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

/** A span's name, and the spans inside of it in the order in which they began. */
export interface SpanTree {
  readonly [name: string]: readonly SpanTree[];
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly Value[] };
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
  readonly status: { readonly code?: number };
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** Starts an OTLP/HTTP collector on a port of its own. */
export async function startCollector(): Promise<Collector> {
  const collector = new Collector();
  await collector.start();
  return collector;
}

/** Takes the traces that a process sends as JSON over HTTP, and keeps them. */
export class Collector {
  /** All that was sent, as text. */
  readonly received: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (request.method === 'POST' && request.url === '/v1/traces') this.received.push(body);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What the sender says of itself. */
  resource(): Record<string, unknown> {
    const [first] = this.sent();
    return attributesOf(first?.resourceSpans[0]?.resource.attributes ?? []);
  }

  /** The spans of a trace, in the order in which they began. */
  spans(traceId: string): CollectedSpan[] {
    return this.sent()
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
      .filter((span) => span.traceId === traceId)
      .sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
      .map((span) => ({
        traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        name: span.name,
        attributes: attributesOf(span.attributes),
        failed: span.status.code === 2,
      }));
  }

  /** Waits until so many spans of a trace have come. */
  async waitFor(traceId: string, count: number): Promise<CollectedSpan[]> {
    await until(`${count} spans of ${traceId}`, () => this.spans(traceId).length >= count);
    return this.spans(traceId);
  }

  private sent(): Sent[] {
    return this.received.map((body) => JSON.parse(body) as Sent);
  }
}

/** The spans below one, as a tree of their names. */
export function treeBelow(parentSpanId: string, spans: readonly CollectedSpan[]): SpanTree[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .map((span) => ({ [span.name]: treeBelow(span.spanId, spans) }));
}

function attributesOf(attributes: SentSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, intValue, doubleValue, boolValue, arrayValue }: Value): unknown {
  if (arrayValue) return arrayValue.values.map(valueOf);
  return stringValue ?? boolValue ?? doubleValue ?? Number(intValue);
}
