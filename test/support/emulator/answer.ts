import { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { type Behaviour, errorOf } from './behaviour.js';
import { chatOf, plainAnswer, streamChunks } from './chat.js';
import { cloudinaryError, EmulatedCloudinary } from './cloudinary.js';
import { FileAnswer } from './file-answer.js';
import { geminiAnswer, geminiError } from './gemini.js';
import { heyGenAnswer, heyGenError } from './heygen.js';
import { embeddingsAnswer, IMAGE_PATH, imagesAnswer, PIXEL } from './media.js';
import { responded, responseEvents } from './responses.js';
import { type EmulatedJobs, openAiVideos } from './videos.js';
import { isJson, type Json, Refusal } from './wire.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  /** The emulator's own address. */
  readonly origin: string;
  readonly body: Json;
  readonly behaviour: Behaviour;
  readonly headers: IncomingHttpHeaders;
  readonly jobs: EmulatedJobs;
  readonly cloudinary: EmulatedCloudinary;
  /** Waits until the test lets it go on. */
  readonly wait: () => Promise<void>;
}

/** Cut by the emulator, which is no hanging up of the client. */
const CUT = new Error('cut by the emulator');

/** Answers a request as its behaviour says, else as OpenAI documents it. */
export async function answer(response: ServerResponse, asked: Asked): Promise<void> {
  const { behaviour, body } = asked;
  if (behaviour.delayMs !== undefined) await delay(behaviour.delayMs);
  if (behaviour.hang === true || response.destroyed) return;
  if (behaviour.status !== undefined) {
    send(response, behaviour.status, {
      body: behaviour.errorBody ?? errorFor(asked.path, behaviour.status),
      behaviour,
    });
    return;
  }
  if (behaviour.rubbish !== undefined) {
    const type = body.stream === true ? 'text/event-stream' : 'application/json';
    response.writeHead(200, { 'content-type': behaviour.contentType ?? type }).end(behaviour.rubbish);
    return;
  }
  try {
    await answerProperly(response, asked);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    send(response, error.status, { body: error.body, behaviour });
  }
}

async function answerProperly(response: ServerResponse, asked: Asked): Promise<void> {
  const { path, body, behaviour } = asked;
  const chunks = body.stream === true ? streamedAnswer(path, body, behaviour) : undefined;
  if (chunks) {
    await stream(response, chunks, asked);
    return;
  }
  const whole = wholeAnswer(asked);
  if (Buffer.isBuffer(whole)) sendFile(response, new FileAnswer(whole, 'video/mp4'), behaviour);
  else if (whole instanceof FileAnswer) sendFile(response, whole, behaviour);
  else if (whole) send(response, 200, { body: whole, behaviour });
  else send(response, 404, { body: errorFor(path, 404), behaviour });
}

function streamedAnswer(path: string, body: Json, behaviour: Behaviour): readonly Json[] | undefined {
  if (openAiPath(path) === '/v1/chat/completions') return streamChunks(chatOf(body, behaviour));
  return path === '/v1/responses' ? responseEvents(responded(body, behaviour)) : undefined;
}

function wholeAnswer(asked: Asked): Json | Buffer | FileAnswer | undefined {
  const { method, body, behaviour, jobs } = asked;
  if (EmulatedCloudinary.knows(asked.path)) return asked.cloudinary.answer(asked);
  const path = openAiPath(asked.path);
  if (path === IMAGE_PATH) return new FileAnswer(Buffer.from(PIXEL, 'base64'), 'image/png');
  if (path === '/v1/chat/completions') return plainAnswer(chatOf(body, behaviour));
  if (path === '/v1/responses') return responded(body, behaviour).whole;
  if (path === '/v1/embeddings') return embeddingsAnswer(body, behaviour);
  if (path === '/v1/images/generations') return imagesAnswer(body, behaviour);
  if (path.startsWith('/v1beta/')) return geminiAnswer(asked, behaviour, jobs);
  return openAiVideos({ method, path, body }, behaviour, jobs) ?? heyGenAnswer(asked, behaviour, jobs);
}

/** Gemini and Groq have OpenAI's endpoints elsewhere. */
function openAiPath(path: string): string {
  return path.replace(/^\/(v1beta\/openai|openai\/v1)\//, '/v1/');
}

/** Each provider's own error. */
function errorFor(path: string, status: number): unknown {
  if (EmulatedCloudinary.knows(path)) return cloudinaryError(status);
  if (path.startsWith('/v1beta/')) return geminiError(status);
  return /^\/(v2\/|v1\/video_status)/.test(path) ? heyGenError(status) : errorOf(status);
}

/** A file in two pieces, between which it may be cut, stay out, or be redirected before. */
function sendFile(response: ServerResponse, answer: FileAnswer, behaviour: Behaviour): void {
  // Whose files are elsewhere names that in an answer; OpenAI redirects.
  if (behaviour.fileUrl !== undefined) {
    response.writeHead(302, { location: behaviour.fileUrl }).end();
    return;
  }
  const { bytes: file, status } = answer;
  const type = behaviour.contentType ?? answer.type;
  const headers = { 'content-type': type, 'content-length': file.length, ...answer.headers };
  response.writeHead(status, { ...headers, ...behaviour.headers });
  const half = file.length >> 1;
  response.write(file.subarray(0, half), () => {
    if (behaviour.cutAfterChunks !== undefined) response.destroy(CUT);
    else if (behaviour.holdAfterChunks === undefined) response.end(file.subarray(half));
  });
}

function send(
  response: ServerResponse,
  status: number,
  { body, behaviour }: { readonly body: unknown; readonly behaviour: Behaviour },
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': behaviour.contentType ?? 'application/json', ...behaviour.headers };
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  if (behaviour.cutAfterChunks === undefined) response.end(text);
  else response.write(text.slice(0, text.length / 2), () => response.destroy(CUT));
}

async function stream(response: ServerResponse, chunks: readonly Json[], asked: Asked): Promise<void> {
  const { behaviour } = asked;
  const type = behaviour.contentType ?? 'text/event-stream; charset=utf-8';
  response.writeHead(200, { 'content-type': type, ...behaviour.headers });
  response.flushHeaders();
  for (const [sent, chunk] of chunks.entries()) {
    await mayGo(sent, asked);
    if (sent === behaviour.cutAfterChunks) {
      response.destroy(CUT);
      return;
    }
    if (sent === behaviour.endAfterChunks) {
      response.end();
      return;
    }
    if (sent === behaviour.errorAfterChunks) await write(response, errorOf(500));
    if (sent > 0 && behaviour.chunkIntervalMs !== undefined) await delay(behaviour.chunkIntervalMs);
    if (response.destroyed) return;
    await write(response, chunk);
  }
  if (asked.path === '/v1/responses') response.end();
  else if (behaviour.endDelayMs !== undefined) {
    response.write('data: [DONE]\n\n');
    await delay(behaviour.endDelayMs);
    response.end();
  } else response.end('data: [DONE]\n\n');
}

/** Waits as the test wants it before a chunk. */
async function mayGo(sent: number, { behaviour, wait }: Asked): Promise<void> {
  await behaviour.beforeChunk?.(sent);
  if (sent === behaviour.holdAfterChunks) await wait();
}

/** Resolves when the chunk is on its way, or never will be. */
function write(response: ServerResponse, chunk: unknown): Promise<void> {
  return new Promise((resolve) => {
    const name = isJson(chunk) && typeof chunk.type === 'string' ? `event: ${chunk.type}\n` : '';
    response.write(`${name}data: ${JSON.stringify(chunk)}\n\n`, () => {
      resolve();
    });
  });
}
