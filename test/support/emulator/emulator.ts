import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

import { answer } from './answer.js';
import { type Behaviour } from './behaviour.js';
import { EmulatedCloudinary } from './cloudinary.js';
import { Gate } from './gate.js';
import { multipartOf } from './multipart.js';
import { EmulatedRealtime } from './realtime.js';
import { EmulatedJobs } from './videos.js';
import { isJson, type Json } from './wire.js';

export { type Behaviour } from './behaviour.js';

/** A request as it came. */
export interface EmulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  /** The client's port: the same for requests on one connection. */
  readonly connection: number | undefined;
  /** When it had come whole, in milliseconds of the process's own clock. */
  readonly cameAt: number;
  /** When the client hung up before the whole answer was sent, in Unix milliseconds. */
  abortedAt?: number;
}

const UNTIL_MS = 10_000;
const MODELS = ['gpt-4o-mini', 'gpt-5', 'text-embedding-3-small', 'gpt-image-1', 'dall-e-3'];

/** Starts an emulated OpenAI on a port of its own. */
export async function startEmulator(): Promise<Emulator> {
  const emulator = new Emulator();
  await emulator.start();
  return emulator;
}

/** A server that speaks OpenAI's wire format, remembers what it is asked, and fails as it is told. */
export class Emulator {
  /** Everything it was asked, in order of arrival. */
  readonly requests: EmulatedRequest[] = [];
  inFlight = 0;
  maxInFlight = 0;
  /** Answers sent whole, errors too. */
  completed = 0;

  /** The video jobs it was given. */
  jobs = new EmulatedJobs();

  /** What was uploaded to it. */
  cloudinary = new EmulatedCloudinary();

  /** The realtime sessions it holds. */
  realtime = new EmulatedRealtime();

  private readonly server: Server;
  private readonly gate = new Gate();
  private queue: Behaviour[] = [];
  private standing: (request: EmulatedRequest) => Behaviour = () => ({});
  private watchers = new Set<() => void>();
  private port = 0;

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on('upgrade', (request, socket, head) => {
      this.realtime.accept(request, socket, head);
    });
  }

  /** Without `/v1`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How the next request is answered, and the ones after it if called again. Listing models does not count. */
  next(...behaviours: Behaviour[]): void {
    this.queue.push(...behaviours);
  }

  /** How every request is answered that `next` says nothing of; the same way, or as each request deserves. */
  always(behaviour: Behaviour | ((request: EmulatedRequest) => Behaviour)): void {
    this.standing = typeof behaviour === 'function' ? behaviour : () => behaviour;
  }

  /** Keeps all requests waiting, before their answer begins. */
  hold(): void {
    this.gate.close();
  }

  /** Lets all go on, or the first so many; also streams that wait after `holdAfterChunks`. */
  release(count?: number): void {
    this.gate.open(count);
  }

  /** Resolves as soon as a condition on the emulator's state holds. */
  until(condition: (emulator: this) => boolean, timeoutMs = UNTIL_MS): Promise<void> {
    if (condition(this)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => {
        clearTimeout(timer);
        this.watchers.delete(check);
        if (error) reject(error);
        else resolve();
      };
      const check = (): void => {
        if (condition(this)) done();
      };
      const timer = setTimeout(() => {
        const state = { inFlight: this.inFlight, completed: this.completed, requests: this.requests.length };
        done(
          new Error(
            `The emulator waited ${timeoutMs} ms for ${condition.toString()}: ${JSON.stringify(state)}`,
          ),
        );
      }, timeoutMs);
      this.watchers.add(check);
    });
  }

  /** Forgets behaviours, requests and counts, and lets everything go on. */
  reset(): void {
    this.queue = [];
    this.standing = () => ({});
    this.requests.length = 0;
    this.jobs = new EmulatedJobs();
    this.cloudinary = new EmulatedCloudinary();
    this.realtime = new EmulatedRealtime();
    this.completed = 0;
    this.maxInFlight = this.inFlight;
    this.gate.open();
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  async stop(): Promise<void> {
    this.realtime.stop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '', method = 'GET' } = request;
    const body = await readBody(request);
    if (method === 'GET' && path === '/v1/models') {
      listModels(response);
      return;
    }
    const entry: EmulatedRequest = {
      method,
      path,
      headers: request.headers,
      body,
      connection: request.socket.remotePort,
      cameAt: performance.now(),
    };
    this.requests.push(entry);
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    const behaviour = this.queue.shift() ?? this.standing(entry);
    response.once('close', () => {
      this.inFlight--;
      if (response.writableFinished) this.completed++;
      else if (response.errored === null) entry.abortedAt = Date.now();
      this.changed();
    });
    this.changed();
    await this.gate.pass();
    const wait = () => this.gate.pass(true);
    const { jobs, cloudinary } = this;
    const asked = { method, path, origin: this.url, headers: request.headers, body, behaviour };
    await answer(response, { ...asked, jobs, cloudinary, wait });
  }

  private changed(): void {
    for (const check of [...this.watchers]) check();
  }
}

async function readBody(request: IncomingMessage): Promise<Json> {
  const parts: Buffer[] = [];
  try {
    for await (const part of request) if (Buffer.isBuffer(part)) parts.push(part);
    const whole = Buffer.concat(parts);
    const form = multipartOf(request.headers['content-type'], whole);
    if (form) return form;
    const parsed: unknown = JSON.parse(whole.toString('utf8'));
    return isJson(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function listModels(response: ServerResponse): void {
  const data = MODELS.map((id) => ({ id, object: 'model', created: 1_790_000_000, owned_by: 'emulator' }));
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ object: 'list', data }));
}
