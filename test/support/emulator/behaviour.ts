/** How the emulator answers a request, where not as a healthy OpenAI would. Parts may be combined. */
export interface Behaviour {
  /** An error status. */
  readonly status?: number;
  /** The error's body; OpenAI's own for that status unless said. */
  readonly errorBody?: unknown;
  /** Sent with any answer: `{ 'retry-after': '7' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answers. */
  readonly hang?: boolean;
  /** Before the answer begins. */
  readonly delayMs?: number;
  /** Between two chunks of a stream. */
  readonly chunkIntervalMs?: number;
  /** Between `[DONE]` and the end of the answer, as over a real network. */
  readonly endDelayMs?: number;
  /** Destroys the connection after so many chunks of a stream, or in the middle of a plain answer. */
  readonly cutAfterChunks?: number;
  /** Ends the stream properly, but without the rest, after so many chunks. */
  readonly endAfterChunks?: number;
  /** Waits for `release()` after so many chunks of a stream. */
  readonly holdAfterChunks?: number;
  /** Waited for before each chunk of a stream: so many were sent. */
  readonly beforeChunk?: (sent: number) => Promise<void>;
  /** An error event in a stream, after so many chunks. */
  readonly errorAfterChunks?: number;
  /** This text instead of an answer, with status 200. */
  readonly rubbish?: string;
  readonly contentType?: string;
  /** No usage at all, zeros, or these numbers. */
  readonly usage?: 'none' | 'zero' | Readonly<Record<string, unknown>>;
  /** Fields that OpenAI does not have, in the answer and in each chunk. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Output tokens of each choice, one a chunk; 12 unless said. The cap it is sent holds, unless `overshoot`. */
  readonly outputTokens?: number;
  /** What a chat is answered with, instead of words. */
  readonly text?: string;
  readonly overshoot?: boolean;
  /** With which question about it a video job is done; 3 unless said. */
  readonly jobPolls?: number;
  /** The code that a video job fails with, instead of being done. */
  readonly jobFails?: string;
  /** Why the provider's safety filters held back what was asked for. */
  readonly blocked?: string;
  /** Lists nothing. */
  readonly empty?: boolean;
  /** The length of a video; 4096 unless said. */
  readonly videoBytes?: number;
  /** The address that an answer names for a file, or redirects to; its own unless said. */
  readonly fileUrl?: string;
}

/** OpenAI's error for a status. */
export function errorOf(status: number): unknown {
  const known: Record<number, [type: string, code: string | null, message: string]> = {
    400: ['invalid_request_error', null, 'The emulator was told to refuse this request.'],
    401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided: sk-emul****ator.'],
    404: [
      'invalid_request_error',
      'model_not_found',
      'The model does not exist or you do not have access to it.',
    ],
    429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for requests.'],
  };
  const [type, code, message] = known[status] ?? ['server_error', null, 'The server had an error.'];
  return { error: { message, type, param: null, code } };
}
