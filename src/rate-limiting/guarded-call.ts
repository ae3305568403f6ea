import { Logger } from '@nestjs/common';

import { type CallContext, currentCallContext, noteEnding, runInCallContext } from './call-context.js';
import { CallTrace } from './call-trace.js';
import { type Caller } from './domain/caller.js';
import { type ActualUsage, type UsageStatus } from './domain/usage.js';
import { type UnreadStream } from './live-reservations.js';
import { meterStream } from './metered-stream.js';
import { type RateLimitOptions, type ReportedUsage, type ToldUsage } from './rate-limit.decorator.js';
import { noCaller } from './rate-limiting.errors.js';
import { type RateLimitingService } from './rate-limiting.service.js';
import { reserveCall } from './reserved-call.js';
import { type CallEstimate, type Reservation } from './reservation.js';
import { usageAtEstimate } from './usage-entry.js';

const logger = new Logger('RateLimit');

/** What stands for a count that could not be had: all that was reserved. Delivered output is never free. */
const AT_ESTIMATE: ReportedUsage = { estimated: true };

interface GuardedCall {
  readonly args: unknown[];
  readonly run: () => unknown;
}

/** Runs a guarded method's call: reserve, run, settle, or release where it fails. */
export function runGuarded(
  service: RateLimitingService,
  options: RateLimitOptions,
  call: GuardedCall,
): Promise<unknown> {
  const trace = CallTrace.of(options.operation);
  if (!trace) return run(service, options, call);
  return trace.run(() => runTraced(trace, () => run(service, options, call, trace)));
}

/** A call that came to no reservation, or failed, ends its span here; the others do when they are settled. */
async function runTraced(trace: CallTrace, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    trace.fail(error);
    throw error;
  }
}

async function run(
  service: RateLimitingService,
  options: RateLimitOptions,
  call: GuardedCall,
  trace?: CallTrace,
): Promise<unknown> {
  const context = currentCallContext();
  const caller = options.subject ? options.subject(...call.args) : context?.caller;
  if (!isChargeable(caller)) throw noCaller(options.operation);

  const told = options.estimate?.(...call.args);
  const estimate = estimateOf(options, told instanceof Promise ? await told : told);
  const inner: CallContext = context ?? {};
  const asked = { caller, operation: options.operation, estimate };
  const reservation = await reserveCall(service, asked, inner, trace?.span);
  const settlement = new Settlement(service, options, inner, { reservation, trace });
  return runInCallContext({ ...inner, caller, trace }, () => runReserved(call.run, settlement));
}

async function runReserved(run: () => unknown, settlement: Settlement): Promise<unknown> {
  let result: unknown;
  try {
    result = await run();
    settlement.answeredBy(currentCallContext()?.provider);
  } catch (error) {
    await settlement.fail(error);
    throw error;
  }
  if (isAsyncIterable(result)) {
    const stream = meterStream(result, settlement, currentCallContext()?.hangUp?.signal);
    settlement.watch(stream);
    return stream;
  }
  await settlement.settle(settlement.usageOf(result), 'settled');
  return result;
}

/** How one reservation is brought to its end. */
export class Settlement {
  private complained = false;
  private readonly reservation: Reservation;
  private readonly trace: CallTrace | undefined;

  constructor(
    private readonly service: RateLimitingService,
    private readonly options: RateLimitOptions,
    private readonly context: CallContext,
    { reservation, trace }: { readonly reservation: Reservation; readonly trace: CallTrace | undefined },
  ) {
    this.reservation = reservation;
    this.trace = trace;
  }

  /** Whether the method tells what it used. */
  get metered(): boolean {
    return this.options.actual !== undefined;
  }

  /** What the method tells of its use, or that it is to be the estimate: what it throws never costs the answer. */
  usageOf(result: unknown): ToldUsage | undefined {
    const told = this.orEstimate(() => this.options.actual?.(result, this.reservation));
    return typeof told === 'function' ? () => this.orEstimate(told) : told;
  }

  /** Has a stream that nobody reads ended, instead of held for ever. */
  watch(stream: UnreadStream): void {
    this.service.endUnread(this.reservation.id, stream);
  }

  /** @param told what the method told; what it left out is taken from the estimate. */
  async settle(told: ToldUsage | undefined, status: UsageStatus): Promise<void> {
    const reported = typeof told === 'function' ? told() : told;
    const atEstimate = usageAtEstimate(this.reservation);
    const actual: ActualUsage = reported ? { ...atEstimate, estimated: false, ...reported } : atEstimate;
    noteEnding(this.context, 'charging');
    this.context.limits = await this.inTrace(() => this.service.settle(this.reservation.id, actual, status));
    noteEnding(this.context, 'charged');
    this.trace?.end(status, this.context.limits);
  }

  /** Whoever answers the outer request tells who answered this one. */
  answeredBy(provider: string | undefined): void {
    if (provider !== undefined) this.context.provider = provider;
  }

  async release(): Promise<void> {
    noteEnding(this.context, 'released');
    await this.service.release(this.reservation.id);
    this.trace?.end('released');
  }

  /** Nothing came of the call. */
  fail(error: unknown): Promise<void> {
    this.trace?.fail(error);
    return this.release();
  }

  /** Whoever ends a stream may be outside of its call's span. */
  private inTrace<Result>(work: () => Result): Result {
    return this.trace ? this.trace.run(work) : work();
  }

  private orEstimate<Told>(ask: () => Told): Told | ReportedUsage {
    try {
      return ask();
    } catch (error) {
      if (!this.complained) this.complain(error);
      return AT_ESTIMATE;
    }
  }

  /** Once a call: a stream asks for every item. */
  private complain(error: unknown): void {
    this.complained = true;
    const { id, operation } = this.reservation;
    logger.error(
      { err: error, reservation: id, operation },
      'The `actual` of a guarded method failed; its call is charged at the estimate.',
    );
  }
}

function estimateOf(options: RateLimitOptions, given: Partial<CallEstimate> = {}): CallEstimate {
  return {
    inputTokens: 0,
    baseCostNanoUsd: 0,
    outputCostNanoUsd: 0,
    priced: true,
    count: 1,
    provider: options.provider ?? 'internal',
    model: '',
    ...given,
  };
}

function isChargeable(caller: Caller | undefined): caller is Caller {
  return caller?.userId !== undefined || caller?.apiKeyId !== undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
