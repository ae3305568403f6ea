import OpenAI from 'openai';

import { type ProviderSettings } from '../config/index.js';
import { RubbishAnswer, fetchBounded, readJsonObject } from './answer-body.js';
import { CallDeadline } from './call-deadline.js';
import { type EventFormat, openEventStream } from './event-stream.js';
import {
  type ProviderAnswer,
  type ProviderCall,
  type ProviderUsage,
  type WireObject,
} from './provider.port.js';
import { type FailureContext, fromErrorObject, toProviderError } from './upstream-failure.js';

/** What an answer must hold, and where its usage is. */
export interface AnswerForm {
  readonly path: string;
  readonly list: string;
  readonly usageOf: (body: WireObject) => ProviderUsage | undefined;
}

/** How long a call may take, and what ends it. */
export type CallBounds = Pick<ProviderCall, 'signal' | 'timeoutMs'>;

export interface WireRequest {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly body?: WireObject;
}

/** A server that speaks OpenAI's wire format, through the official client; every failure as a `ProviderError`. */
export class OpenAiWire {
  private readonly client: OpenAI;

  constructor(
    readonly settings: ProviderSettings,
    readonly baseUrl: string,
  ) {
    this.client = newClient(settings, baseUrl);
  }

  /** The answer to a body, with the model in it; checked for what it must hold. */
  answer(call: ProviderCall, form: AnswerForm): Promise<ProviderAnswer> {
    return this.within(call, async (deadline) => {
      const request = { method: 'post', path: form.path, body: { ...call.body, model: call.model } } as const;
      const body = await readJsonObject(await this.send(request, call, deadline));
      if (body.error && !body[form.list]) throw fromErrorObject(body.error, this.contextOf(call, deadline));
      if (!Array.isArray(body[form.list])) throw new RubbishAnswer(`answered without \`${form.list}\``);
      const usage = form.usageOf(body);
      return { body, ...(usage && { usage }) };
    });
  }

  /** A JSON object of any other request. */
  json(request: WireRequest, bounds: CallBounds): Promise<WireObject> {
    return this.within(bounds, async (deadline) =>
      readJsonObject(await this.send(request, bounds, deadline)),
    );
  }

  /** The events of a streamed answer. */
  async stream<Event>(
    call: ProviderCall,
    path: string,
    format: EventFormat<Event>,
  ): Promise<AsyncIterable<Event>> {
    const deadline = this.deadlineOf(call);
    const failure = (): FailureContext => this.contextOf(call, deadline);
    try {
      const body = { ...call.body, model: call.model };
      const response = await this.send({ method: 'post', path, body }, call, deadline);
      return await openEventStream(response, { deadline, failure, format });
    } catch (error) {
      deadline.close();
      throw toProviderError(error, failure());
    }
  }

  timeoutOf({ timeoutMs }: CallBounds): number {
    return timeoutMs ?? this.settings.timeoutMs;
  }

  private async within<T>(bounds: CallBounds, work: (deadline: CallDeadline) => Promise<T>): Promise<T> {
    const deadline = this.deadlineOf(bounds);
    try {
      return await work(deadline);
    } catch (error) {
      deadline.close();
      throw toProviderError(error, this.contextOf(bounds, deadline));
    } finally {
      deadline.dispose();
    }
  }

  private send(request: WireRequest, bounds: CallBounds, deadline: CallDeadline): Promise<Response> {
    const { method, path, body } = request;
    // Our deadline ends the call; the client's would end before the body has come, and must not end first.
    const timeout = this.timeoutOf(bounds) + 60_000;
    deadline.start();
    // The raw answer: the client's own parsing rewrites embeddings and ends an aborted stream as if it were complete.
    return this.client[method](path, { body, timeout, signal: deadline.signal }).asResponse();
  }

  private deadlineOf(bounds: CallBounds): CallDeadline {
    return new CallDeadline(bounds.signal, this.timeoutOf(bounds));
  }

  private contextOf(bounds: CallBounds, deadline: CallDeadline): FailureContext {
    const { name: provider, apiKey } = this.settings;
    return { provider, apiKey, timeoutMs: this.timeoutOf(bounds), ended: deadline.ended };
  }
}

function newClient({ kind, apiKey, apiVersion }: ProviderSettings, baseURL: string): OpenAI {
  const foreign = kind !== 'openai';
  return new OpenAI({
    baseURL,
    // The client would read OPENAI_API_KEY and send it to whatever server this is.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    ...(apiKey === undefined && { defaultHeaders: { authorization: null } }),
    ...(foreign && { organization: null, project: null }),
    ...(kind === 'openai_compatible' &&
      apiVersion !== undefined && { defaultQuery: { 'api-version': apiVersion } }),
    maxRetries: 0,
    fetch: fetchBounded,
    logLevel: 'off',
  });
}
