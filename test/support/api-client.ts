/** An answer with its body read: JSON where it is, else text. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what it expects of foreign JSON
  readonly body: any;
}

/** Calls the server as a web app would. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly key?: string,
  ) {}

  get(path: string, headers?: Record<string, string>): Promise<ApiAnswer> {
    return this.call('GET', path, { headers });
  }

  post(path: string, body: unknown, headers?: Record<string, string>): Promise<ApiAnswer> {
    return this.call('POST', path, { body, headers });
  }

  put(path: string, body: unknown): Promise<ApiAnswer> {
    return this.call('PUT', path, { body });
  }

  patch(path: string, body: unknown): Promise<ApiAnswer> {
    return this.call('PATCH', path, { body });
  }

  delete(path: string): Promise<ApiAnswer> {
    return this.call('DELETE', path, {});
  }

  /** The answer as it comes, for streams. */
  open(path: string, body: unknown, init: { headers?: Record<string, string>; signal?: AbortSignal } = {}) {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { ...this.headers(), ...init.headers },
      body: JSON.stringify(body),
      signal: init.signal ?? null,
    });
  }

  /** `send('PUT', '/path', body)` */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return this.call(method, path, { body });
  }

  private async call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> | undefined },
  ): Promise<ApiAnswer> {
    const init = { method, headers: { ...this.headers(body !== undefined), ...headers } };
    const response = await fetch(
      this.url + path,
      body === undefined ? init : { ...init, body: textOf(body) },
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }

  private headers(withBody = true): Record<string, string> {
    return {
      ...(withBody ? { 'content-type': 'application/json' } : {}),
      ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
    };
  }
}

/** A text goes as it is: a test may send what is no JSON. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
