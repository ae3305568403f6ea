/** Instruments and spans for everyone: at the top of the house, so that whoever does something can count and time it. */
export { type Counter, counter, plainCounter } from './metrics/counter.js';
export { ANSWER_SECONDS, elapsedSeconds, SHORT_SECONDS, startOfTiming } from './metrics/durations.js';
export { countOf, type Distribution, type Family, type Sample } from './metrics/family.js';
export { type Gauge, gauge, type GaugeReader, type LabelledValue } from './metrics/gauge.js';
export { type Histogram, histogram } from './metrics/histogram.js';
export { type InstrumentSpec, readInstruments } from './metrics/instruments.js';
export { lowestSeen, type LowestSeen } from './metrics/lowest-seen.js';
export { seriesName, TEXT_FORMAT, textOf } from './metrics/text-format.js';
export {
  contextOf,
  currentSpan,
  currentTraceId,
  inSpan,
  markFailed,
  openSpan,
  type OpenSpan,
  traceNothing,
  traceparentNow,
  traceWith,
} from './traces/tracing.js';
