import { context, trace } from '@opentelemetry/api';

import {
  contextOf,
  currentSpan,
  currentTraceId,
  inSpan,
  openSpan,
  traceNothing,
  traceparentNow,
} from './tracing.js';

describe('while nothing is traced', () => {
  beforeAll(traceNothing);

  it('costs nothing: no span is made, no context is entered, and the work is handed through as it is', async () => {
    const tracer = jest.spyOn(trace, 'getTracer');
    const entered = jest.spyOn(context, 'with');
    const done = Promise.resolve('done');
    expect(inSpan('work', () => done)).toBe(done);
    expect(await inSpan('work', (span) => Promise.resolve(span))).toBeUndefined();
    expect([openSpan('request'), currentSpan(), currentTraceId(), traceparentNow()]).toEqual(
      Array.from({ length: 4 }),
    );
    const traceparent = '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01';
    expect(contextOf({ traceparent })).toBe(context.active());
    expect(tracer).not.toHaveBeenCalled();
    expect(entered).not.toHaveBeenCalled();
  });
});
