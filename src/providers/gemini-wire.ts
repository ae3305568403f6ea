import { GoogleGenAI } from '@google/genai';

import { type ProviderSettings } from '../config/index.js';
import { readJsonObject } from './answer-body.js';
import { CallDeadline } from './call-deadline.js';
import { type CallBounds } from './openai-wire.js';
import { AnsweredStatus, toProviderError } from './upstream-failure.js';

/** Gemini's own API through the official client; every failure as a `ProviderError`. */
export class GeminiWire {
  private readonly client: GoogleGenAI;

  constructor(
    readonly settings: ProviderSettings,
    /** Without a version. */
    readonly root: string,
  ) {
    this.client = new GoogleGenAI({
      // The client would read its key, and whether it speaks to Vertex, from the environment.
      vertexai: false,
      apiKey: settings.apiKey ?? 'none',
      httpOptions: { baseUrl: root, apiVersion: 'v1beta', fetch: fetchJson },
    });
  }

  /** Does something with the client, within the call's time. */
  async ask<T>(
    bounds: CallBounds,
    work: (client: GoogleGenAI, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const deadline = new CallDeadline(bounds.signal, this.timeoutOf(bounds));
    try {
      deadline.start();
      return await work(this.client, deadline.signal);
    } catch (error) {
      const { name: provider, apiKey } = this.settings;
      const timeoutMs = this.timeoutOf(bounds);
      throw toProviderError(error, { provider, apiKey, timeoutMs, ended: deadline.ended });
    } finally {
      deadline.close();
    }
  }

  timeoutOf({ timeoutMs }: CallBounds): number {
    return timeoutMs ?? this.settings.timeoutMs;
  }
}

/** `fetch` for the client, whose own errors have lost the headers, and who reads any answer to its end. */
async function fetchJson(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.ok) throw await AnsweredStatus.of(response);
  return Response.json(await readJsonObject(response));
}
