import { Readable } from 'node:stream';

import { type BytePart } from './byte-range.js';
import { type OpenMedia } from './local-media.store.js';
import { CloudFailure } from './media-cloud.port.js';

export interface DeliveryInput {
  /** The file's length, as we know it. */
  readonly bytes: number;
  readonly part?: BytePart | undefined;
  /** How long its beginning, and then each next piece, is waited for. */
  readonly silenceMs: number;
}

/** Opens a file over HTTP; `undefined` where it is gone. The address may be signed: it is in no message. */
export async function openDelivery(url: string, input: DeliveryInput): Promise<OpenMedia | undefined> {
  const { bytes, part, silenceMs } = input;
  const silence = new Silence(silenceMs);
  const headers = part ? { range: `bytes=${part.start}-${part.end}` } : {};
  const response = await silence.watch(fetch(url, { headers, redirect: 'error', signal: silence.signal }));
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if ((response.status !== 200 && response.status !== 206) || !response.body) {
    await response.body?.cancel();
    throw new CloudFailure('away', `answered ${response.status} to a read`);
  }
  const stream = Readable.from(pieces(response.body, silence), { objectMode: false });
  if (response.status === 206 && part) return { stream, bytes, part };
  return { stream, bytes: Number(response.headers.get('content-length') ?? bytes) };
}

async function* pieces(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await silence.watch(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever read may have left before the end.
    await reader.cancel().catch(() => undefined);
  }
}

/** Ends what is waited for too long. */
class Silence {
  private readonly controller = new AbortController();

  constructor(private readonly longestMs: number) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async watch<T>(answer: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.controller.abort();
    }, this.longestMs);
    try {
      return await answer;
    } catch {
      throw new CloudFailure(
        'away',
        this.signal.aborted ? 'did not answer in time' : 'the connection failed',
      );
    } finally {
      clearTimeout(timer);
    }
  }
}
