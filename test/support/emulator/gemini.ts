import { type Behaviour } from './behaviour.js';
import { PIXEL } from './media.js';
import { type EmulatedJobs, stateOf, videoFile } from './videos.js';
import { type Json, listOf, tokensOf } from './wire.js';

export interface GeminiRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Json;
  /** The emulator's own address, which its answers name. */
  readonly origin: string;
}

const IMAGE_TOKENS = 1290;
const MODEL_VERB = /^\/v1beta\/models\/([\w.-]+):(\w+)$/;
const OPERATION = /^\/v1beta\/(models\/[\w.-]+\/operations\/[\w-]+)$/;

/** Gemini's own API: images, Veo and its files; `undefined` where there is no such thing. */
export function geminiAnswer(
  request: GeminiRequest,
  behaviour: Behaviour,
  jobs: EmulatedJobs,
): Json | Buffer | undefined {
  const [, model = '', verb] = MODEL_VERB.exec(request.path) ?? [];
  if (verb === 'generateContent') return contentOf(request.body, behaviour);
  if (verb === 'predictLongRunning') {
    return { name: jobs.add(request.body, `models/${model}/operations/op`).id };
  }
  const [, operation] = OPERATION.exec(request.path) ?? [];
  if (operation !== undefined) return operationOf(operation, { request, behaviour, jobs });
  return request.path.startsWith('/v1beta/files/') ? videoFile(behaviour) : undefined;
}

/** Google's error for a status. */
export function geminiError(status: number): Json {
  const known: Readonly<Record<number, [status: string, message: string]>> = {
    400: ['INVALID_ARGUMENT', 'The emulator was told to refuse this request.'],
    403: ['PERMISSION_DENIED', 'The caller does not have permission.'],
    404: ['NOT_FOUND', 'The model was not found for API version v1beta.'],
    429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  };
  const [name, message] = known[status] ?? ['INTERNAL', 'An internal error has occurred.'];
  return { error: { code: status, message, status: name } };
}

function contentOf({ contents }: Json, { usage, blocked }: Behaviour): Json {
  const texts = listOf(contents).flatMap(({ parts }) => listOf(parts).map(({ text }) => String(text)));
  const promptTokenCount = tokensOf(texts.join(''));
  const counted = {
    promptTokenCount,
    candidatesTokenCount: IMAGE_TOKENS,
    thoughtsTokenCount: 10,
    totalTokenCount: promptTokenCount + IMAGE_TOKENS + 10,
  };
  const usageMetadata = usage === undefined || usage === 'zero' ? counted : usage;
  if (blocked !== undefined) {
    return { candidates: [{ content: { parts: [] }, finishReason: blocked }], usageMetadata: counted };
  }
  const parts = [{ text: 'Here it is.' }, { inlineData: { mimeType: 'image/png', data: PIXEL } }];
  const candidates = [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }];
  return { candidates, ...(usage !== 'none' && { usageMetadata }), modelVersion: 'emulated' };
}

function operationOf(
  name: string,
  of: { readonly request: GeminiRequest; readonly behaviour: Behaviour; readonly jobs: EmulatedJobs },
): Json | undefined {
  const { behaviour, request } = of;
  const job = of.jobs.find(name);
  if (!job) return undefined;
  const state = stateOf(job, behaviour);
  if (state === 'failed') return { name, done: true, error: { code: 13, message: behaviour.jobFails } };
  if (state !== 'done') return { name, metadata: {} };
  const uri = behaviour.fileUrl ?? `${request.origin}/v1beta/files/${name.slice(-3)}:download?alt=media`;
  const result =
    behaviour.blocked === undefined
      ? { generatedSamples: [{ video: { uri } }] }
      : { raiMediaFilteredCount: 1, raiMediaFilteredReasons: [behaviour.blocked] };
  return { name, done: true, response: { generateVideoResponse: result } };
}
