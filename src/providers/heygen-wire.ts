import { type ProviderSettings } from '../config/index.js';
import { readJsonObject, RubbishAnswer } from './answer-body.js';
import { CallDeadline } from './call-deadline.js';
import { type CallBounds } from './openai-wire.js';
import { type WireObject } from './provider.port.js';
import { AnsweredStatus, type FailureContext, fromErrorObject, toProviderError } from './upstream-failure.js';
import { objectAt } from './wire-object.js';

/** HeyGen's HTTP API, for which there is no client; every failure as a `ProviderError`. */
export class HeyGenWire {
  constructor(
    readonly settings: ProviderSettings,
    readonly baseUrl: string,
  ) {}

  /** The `data` of an answer. */
  async data(path: string, bounds: CallBounds, body?: WireObject): Promise<WireObject> {
    const deadline = new CallDeadline(bounds.signal, this.timeoutOf(bounds));
    const failure = (): FailureContext => {
      const { name: provider, apiKey } = this.settings;
      return { provider, apiKey, timeoutMs: this.timeoutOf(bounds), ended: deadline.ended };
    };
    try {
      deadline.start();
      const response = await this.send(path, deadline.signal, body);
      if (!response.ok) throw await AnsweredStatus.of(response);
      const answer = await readJsonObject(response);
      if (answer.error) throw fromErrorObject(answer.error, failure());
      const data = objectAt(answer, 'data');
      if (!data) throw new RubbishAnswer('answered without `data`');
      return data;
    } catch (error) {
      throw toProviderError(error, failure());
    } finally {
      deadline.close();
    }
  }

  timeoutOf({ timeoutMs }: CallBounds): number {
    return timeoutMs ?? this.settings.timeoutMs;
  }

  private send(path: string, signal: AbortSignal, body: WireObject | undefined): Promise<Response> {
    const { apiKey } = this.settings;
    const headers = {
      accept: 'application/json',
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const content = body && { method: 'POST', body: JSON.stringify(body) };
    // An API that redirects is not the one we know, and must not get our key.
    return fetch(`${this.baseUrl.replace(/\/+$/, '')}${path}`, {
      redirect: 'error',
      signal,
      headers,
      ...content,
    });
  }
}
