import { type CallContext, currentCallContext, noteEnding, runInCallContext } from './call-context.js';
import { type Caller } from './domain/caller.js';
import { type ReservationId } from './domain/ids.js';
import { type ActualUsage, type UsageStatus } from './domain/usage.js';
import { meterStream } from './metered-stream.js';
import { type RateLimitOptions, type ToldUsage } from './rate-limit.decorator.js';
import { LimitExceeded, noCaller } from './rate-limiting.errors.js';
import { type RateLimitingService } from './rate-limiting.service.js';
import { type CallEstimate, type Reservation } from './reservation.js';
import { settledLimits, usageAtEstimate } from './usage-entry.js';

/** Runs a guarded method's call: reserve, run, settle, or release where it fails. */
export async function runGuarded(
  service: RateLimitingService,
  options: RateLimitOptions,
  call: { readonly args: unknown[]; readonly run: () => unknown },
): Promise<unknown> {
  const context = currentCallContext();
  const caller = options.subject ? options.subject(...call.args) : context?.caller;
  if (!isChargeable(caller)) throw noCaller(options.operation);

  const estimate = estimateOf(options, await options.estimate?.(...call.args));
  const outcome = await service.reserve({
    caller,
    operation: options.operation,
    estimate,
    ...plannedId(context),
  });
  if (outcome.kind === 'denied') throw new LimitExceeded(outcome);

  const { reservation } = outcome;
  // Whoever answers the outer request tells the caller which reservation it was.
  const inner: CallContext = Object.assign(context ?? {}, { reservation, limits: reservation.limits });
  const settlement = new Settlement(service, options, inner, reservation);
  return runInCallContext({ ...inner, caller }, () => runReserved(call.run, settlement));
}

async function runReserved(run: () => unknown, settlement: Settlement): Promise<unknown> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    await settlement.release();
    throw error;
  }
  if (isAsyncIterable(result)) return meterStream(result, settlement, currentCallContext()?.signal);
  await settlement.settle(settlement.usageOf(result), 'settled');
  return result;
}

/** How one reservation is brought to its end. */
export class Settlement {
  constructor(
    private readonly service: RateLimitingService,
    private readonly options: RateLimitOptions,
    private readonly context: CallContext,
    private readonly reservation: Reservation,
  ) {}

  /** Whether the method tells what it used. */
  get metered(): boolean {
    return this.options.actual !== undefined;
  }

  usageOf(result: unknown): ToldUsage | undefined {
    return this.options.actual?.(result, this.reservation);
  }

  /** @param told what the method told; what it left out is taken from the estimate. */
  async settle(told: ToldUsage | undefined, status: UsageStatus): Promise<void> {
    const reported = typeof told === 'function' ? told() : told;
    const actual: ActualUsage = {
      ...usageAtEstimate(this.reservation),
      ...(reported && { estimated: false, ...reported }),
    };
    noteEnding(this.context, 'charging');
    await this.service.settle(this.reservation.id, actual, status);
    noteEnding(this.context, 'charged');
    this.context.limits = settledLimits(this.reservation, actual);
  }

  release(): Promise<void> {
    noteEnding(this.context, 'released');
    return this.service.release(this.reservation.id);
  }
}

/** Taken once: a second reservation of the same work has an id of its own. */
function plannedId(context: CallContext | undefined): { id?: ReservationId } {
  const id = context?.nextReservationId;
  if (!context || id === undefined) return {};
  context.nextReservationId = undefined;
  return { id };
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
