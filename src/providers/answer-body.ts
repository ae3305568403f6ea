import { isWireObject } from './wire-object.js';
import { type WireObject } from './provider.port.js';

/** More than any answer needs; a server that sends without end is stopped here. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long the end of a finished answer is waited for, before its connection is given up. */
const DRAIN_MS = 1000;

/** The answer is not what the wire format promises; the message says how. */
export class RubbishAnswer extends Error {}

/** Reads an answer's JSON object. Rejects with `RubbishAnswer` for anything else, or for too much. */
export async function readJsonObject(response: Response, maxBytes = MAX_ANSWER_BYTES): Promise<WireObject> {
  const type = response.headers.get('content-type') ?? 'none';
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    throw new RubbishAnswer(`answered with content type ${quoted(type)} instead of JSON`);
  }
  const parsed = parseJson(await readText(response, maxBytes));
  if (!isWireObject(parsed)) throw new RubbishAnswer('answered with something that is not a JSON object');
  return parsed;
}

/** Parses JSON. Throws `RubbishAnswer`, which unlike the parser's own error quotes nothing. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RubbishAnswer('answered with invalid JSON');
  }
}

/**
 * `fetch` for OpenAI's client, which reads the body of an error to its end however long it is, and knows but one
 * form of it: of an error answer it gets at most 64 KB, in OpenAI's form.
 */
export async function fetchBounded(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (response.ok) return response;
  const { status, headers } = response;
  const error = await readErrorObject(response);
  return new Response(error ? JSON.stringify({ error }) : null, { status, headers });
}

/** What an error answer says of itself, from its first 64 KB; `undefined` where that is nothing in a known form. */
export async function readErrorObject(response: Response): Promise<WireObject | undefined> {
  const body = await readText(response, MAX_ERROR_BYTES).catch((error: unknown) => {
    if (error instanceof RubbishAnswer) return '';
    throw error;
  });
  return errorObject(body);
}

/** Reads on to the end of a finished answer, so that its connection can serve the next call. Never rejects. */
export async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(ignore), DRAIN_MS);
  try {
    while (!(await reader.read()).done);
  } catch {
    // It broke after all that was wanted had come.
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body as text; rejects with `RubbishAnswer` past `maxBytes`, and closes the connection. */
async function readText(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new RubbishAnswer(`answered with more than ${maxBytes} bytes`);
    }
    chunks.push(value);
  }
}

/** OpenAI sends `{error: {message, …}}`; others `{error: 'text'}`, `{message}` or `[{error: {…}}]`. */
function errorObject(body: string): WireObject | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const answer: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!isWireObject(answer)) return undefined;
  const { error } = answer;
  if (isWireObject(error)) return error;
  if (typeof error === 'string') return { message: error };
  return 'message' in answer ? answer : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function ignore(): void {
  // Nobody waits for it.
}
