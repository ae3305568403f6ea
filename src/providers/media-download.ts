import { RubbishAnswer } from './answer-body.js';
import { CallDeadline } from './call-deadline.js';
import { AnsweredStatus, type FailureContext, toProviderError } from './upstream-failure.js';
import { type VideoFile } from './video.port.js';

/** Far more than any video of a minute, or any image, is. */
const MAX_BYTES = { video: 1024 * 1024 * 1024, image: 64 * 1024 * 1024 } as const;
const ARTICLE = { video: 'a video', image: 'an image' } as const;
const MAX_REDIRECTS = 3;

type MediaKind = keyof typeof MAX_BYTES;

export interface DownloadSource {
  readonly provider: string;
  readonly apiKey: string | undefined;
  /** Where the provider keeps its files: a host's name, or its end after a dot (`.heygen.ai`). Only by HTTPS. */
  readonly hosts: readonly string[];
  /** Its own address, which is allowed as it is. */
  readonly baseUrl: string;
  /** Sent to that address only. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What its files are: a video unless said. */
  readonly kind?: MediaKind;
}

interface DownloadBounds {
  readonly signal: AbortSignal;
  /** Until it begins, and then for each next piece. */
  readonly timeoutMs: number;
}

/**
 * Fetches what a provider made, from hosts that the provider is known to use and from nowhere else: an address comes
 * out of an answer, and must not lead into our own network. Bounded in size, and in the time of each piece.
 */
export class MediaDownload {
  constructor(private readonly source: DownloadSource) {}

  /** Resolves when the file begins. */
  async open(url: string, { signal, timeoutMs }: DownloadBounds): Promise<VideoFile> {
    const deadline = new CallDeadline(signal, timeoutMs);
    const failure = (): FailureContext => {
      const { provider, apiKey } = this.source;
      return { provider, apiKey, timeoutMs, ended: deadline.ended };
    };
    try {
      deadline.start();
      const response = await this.follow(url, deadline.signal);
      deadline.pause();
      const { kind = 'video' } = this.source;
      const { body, contentType, length } = fileOf(response, kind);
      const known = length !== undefined;
      const maxBytes = MAX_BYTES[kind];
      const bytes = pieces(body, { deadline, failure, maxBytes, ...(known && { length }) });
      return { bytes, contentType, ...(known && { length }) };
    } catch (error) {
      deadline.close();
      throw toProviderError(error, failure());
    }
  }

  private async follow(url: string, signal: AbortSignal): Promise<Response> {
    const home = new URL(this.source.baseUrl).origin;
    let next = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const address = URL.canParse(next) ? new URL(next) : undefined;
      if (!address || !this.allows(address, home)) {
        throw new RubbishAnswer(`names a file at ${address?.host ?? 'no address'}, where it keeps none`);
      }
      const headers = address.origin === home ? this.source.headers : undefined;
      const response = await fetch(address, { signal, redirect: 'manual', ...(headers && { headers }) });
      const location = redirectOf(response);
      if (location === null) return okOf(response);
      await response.body?.cancel();
      next = URL.canParse(location, address.href) ? new URL(location, address).href : location;
    }
    throw new RubbishAnswer('redirects without end');
  }

  private allows({ protocol, origin, hostname, port, username }: URL, home: string): boolean {
    if (origin === home) return true;
    if (protocol !== 'https:' || port !== '' || username !== '') return false;
    return this.source.hosts.some((host) =>
      host.startsWith('.') ? hostname.endsWith(host) : hostname === host,
    );
  }
}

function redirectOf({ status, headers }: Response): string | null {
  return status >= 300 && status < 400 ? headers.get('location') : null;
}

async function okOf(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw await AnsweredStatus.of(response);
}

/** @throws RubbishAnswer for what is of another kind, or too long. */
function fileOf({ headers, body }: Response, kind: MediaKind) {
  const maxBytes = MAX_BYTES[kind];
  const contentType = headers.get('content-type') ?? 'application/octet-stream';
  if (!body || !isOf(kind, contentType))
    throw new RubbishAnswer(`answered with something else than ${ARTICLE[kind]}`);
  const given = Number(headers.get('content-length') ?? Number.NaN);
  const length = given > 0 && !headers.has('content-encoding') ? given : undefined;
  if (length !== undefined && length > maxBytes) throw new RubbishAnswer(`sends more than ${maxBytes} bytes`);
  return { body, contentType, length };
}

function isOf(kind: MediaKind, contentType: string): boolean {
  const [type = '', subtype = ''] = contentType.toLowerCase().split(/[/;]/);
  return type === kind || (['application', 'binary'].includes(type) && subtype === 'octet-stream');
}

interface Piecewise {
  readonly deadline: CallDeadline;
  readonly failure: () => FailureContext;
  readonly maxBytes: number;
  readonly length?: number;
}

async function* pieces(
  body: ReadableStream<Uint8Array>,
  { deadline, failure, maxBytes, length }: Piecewise,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  let complete = false;
  const reader = body.getReader();
  try {
    for (;;) {
      deadline.start();
      const { done, value } = await reader.read();
      deadline.pause();
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) throw new RubbishAnswer(`sent more than ${maxBytes} bytes`);
      yield value;
    }
    if (size === 0 || (length !== undefined && size !== length)) {
      throw new RubbishAnswer(`sent ${size} bytes of a file`);
    }
    complete = true;
  } catch (error) {
    throw toProviderError(error, failure());
  } finally {
    if (complete) deadline.dispose();
    else deadline.close();
  }
}
