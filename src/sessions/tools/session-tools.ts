import { types } from 'node:util';

import { Inject, Injectable } from '@nestjs/common';

import { type Settings, SETTINGS } from '../../config/index.js';
import { isWireObject } from '../../providers/index.js';
import {
  type Caller,
  Clock,
  CounterStore,
  RATE_LIMITING_OPTIONS,
  type RateLimitingOptions,
} from '../../rate-limiting/index.js';

import { type BuiltInTool } from './built-in-tools.js';

const ANSWER_MS = 10_000;
const MOST_ANSWER_BYTES = 64 * 1024;
const HOUR_SEC = 3600;

/** The tools that the server runs itself, for models in sessions: each at one address, and so often an hour for a caller. */
@Injectable()
export class SessionTools {
  constructor(
    private readonly store: CounterStore,
    private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RATE_LIMITING_OPTIONS) private readonly limiting: RateLimitingOptions,
  ) {}

  /** Whether it is set up here. */
  isOffered(tool: BuiltInTool): boolean {
    return this.settings.tools[tool].baseUrl !== undefined;
  }

  /**
   * What a tool answers, for the model to read. One that failed, or of which the caller has no more this hour, answers with
   * an `error`: the session goes on, and the model says so.
   * @param args JSON, as the model gave it.
   */
  async run(tool: BuiltInTool, args: string, caller: Caller): Promise<string> {
    const query = queryOf(args);
    if (!query) return errorText(`${tool}: the arguments are no JSON object.`);
    try {
      const spent = await this.take(tool, caller);
      return spent ?? (await this.ask(tool, query));
    } catch {
      // Whatever it was, it may name an address or a key of the operator's.
      return errorText(`${tool} cannot be reached right now.`);
    }
  }

  /** @returns why there is no permit, where there is none. */
  private async take(tool: BuiltInTool, { userId, apiKeyId }: Caller): Promise<string | undefined> {
    if (!this.limiting.enabled) return undefined;
    const { perHour } = this.settings.tools[tool];
    const bucket = `tool:${tool}:${userId ?? apiKeyId}`;
    const rate = { permits: 1, burst: perHour, refillPerSec: perHour / HOUR_SEC };
    const { taken, retryAfterMs } = await this.store.takePermits({ bucket, ...rate });
    if (taken) return undefined;
    const at = new Date(this.clock.now() + retryAfterMs).toISOString();
    return errorText(`tool.${tool}: ${perHour} an hour are used up. Room returns at ${at}.`);
  }

  private async ask(tool: BuiltInTool, query: URLSearchParams): Promise<string> {
    const { baseUrl = '', apiKey } = this.settings.tools[tool];
    const url = new URL(baseUrl);
    for (const [name, value] of query) url.searchParams.set(name, value);
    const response = await fetch(url, {
      headers: {
        accept: 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      // Only where the operator said: a redirect might lead into the operator's own network.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await textWithin(response, MOST_ANSWER_BYTES);
    return response.ok ? text : errorText(`${tool} answered with the status ${response.status}.`);
  }
}

function queryOf(args: string): URLSearchParams | undefined {
  try {
    const given: unknown = JSON.parse(args);
    if (!isWireObject(given)) return undefined;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(given))
      if (['string', 'number', 'boolean'].includes(typeof value))
        query.set(name, String(value).slice(0, 2_000));
    return query;
  } catch {
    return undefined;
  }
}

/** An answer that is longer is cut: a model reads the beginning. */
async function textWithin({ body }: Response, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    const piece: unknown = part;
    if (!types.isUint8Array(piece)) continue;
    parts.push(Buffer.from(piece));
    size += piece.length;
    if (size >= most) break;
  }
  return Buffer.concat(parts).subarray(0, most).toString('utf8');
}

function errorText(error: string): string {
  return JSON.stringify({ error });
}
