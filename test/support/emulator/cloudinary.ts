import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';

import { FileAnswer } from './file-answer.js';
import { isJson, type Json, Refusal } from './wire.js';

/** The one account there is. */
export const CLOUDINARY = {
  cloudName: 'emulated',
  apiKey: '874837483274837',
  apiSecret: 'cloudinary-secret-of-the-tests',
} as const;

/** An asset as it was uploaded. */
export interface EmulatedAsset {
  readonly publicId: string;
  readonly resourceType: string;
  readonly type: string;
  readonly folder: string;
  readonly tags: readonly string[];
  readonly context: Readonly<Record<string, string>>;
  readonly file: Buffer;
  readonly version: number;
}

export interface CloudinaryRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  /** The emulator's own address. */
  readonly origin: string;
}

const API = `/v1_1/${CLOUDINARY.cloudName}/`;
const DELIVERY = new RegExp(
  `^/${CLOUDINARY.cloudName}/(image|video)/(\\w+)/(?:s--([\\w-]{8})--/)?v1/(.+)\\.(\\w+)$`,
);
/** What is sent beside what is signed. */
const UNSIGNED = ['file', 'api_key', 'signature', 'resource_type', 'cloud_name'];
const TYPES: Readonly<Record<string, string>> = { png: 'image/png', mp4: 'video/mp4' };

/** Cloudinary's upload, search, resource and usage API and its delivery, for one account, as far as they are used here. */
export class EmulatedCloudinary {
  readonly assets: EmulatedAsset[] = [];
  /** Uploads that were taken in, those that changed nothing too; of a chunked one each chunk. */
  uploads = 0;
  /** What the usage API tells beside what is stored. */
  limits: Json = { plan: 'Free', storage: { limit: 10_000_000_000 }, bandwidth: { limit: 50_000_000_000 } };
  private readonly chunks = new Map<string, Buffer[]>();

  static knows(path: string): boolean {
    return path.startsWith('/v1_1/') || path.startsWith(`/${CLOUDINARY.cloudName}/`);
  }

  /** `undefined` where there is no such thing. @throws Refusal */
  answer(request: CloudinaryRequest): Json | FileAnswer | undefined {
    const { pathname } = new URL(request.path, request.origin);
    if (!pathname.startsWith(API)) return this.deliver(pathname, request.headers.range);
    const [, resourceType] = /^(image|video)\/upload$/.exec(pathname.slice(API.length)) ?? [];
    if (resourceType !== undefined) return this.upload(resourceType, request);
    checkPassword(request.headers.authorization);
    // Its client encodes the slash before `search`.
    const [what, ...rest] = pathname
      .slice(API.length)
      .replace(/^resources%2F/, 'resources/')
      .split('/');
    if (what === 'usage') return this.usage();
    if (what !== 'resources') return undefined;
    if (rest[0] === 'search') return this.search(request.body);
    const [kind = '', type = '', id = ''] = rest;
    const found = this.find({ resourceType: kind, type, publicId: decodeURIComponent(id) });
    return found && this.viewOf(found, request.origin);
  }

  private upload(resourceType: string, { body, headers, origin }: CloudinaryRequest): Json {
    checkSignature(body);
    this.uploads++;
    const { file, whole } = this.gather(bytesOf(body.file), headers);
    if (!whole)
      return { done: false, bytes: file.length, public_id: body.public_id, resource_type: resourceType };
    if (file.length === 0) throw new Refusal('Empty file', 'file');
    const key = { resourceType, type: textOf(body.type) || 'upload', publicId: textOf(body.public_id) };
    const before = this.find(key);
    if (before && body.overwrite === '0') return { ...this.viewOf(before, origin), existing: true };
    const folder = textOf(body.asset_folder) || textOf(body.folder);
    const tags = textOf(body.tags)
      .split(',')
      .filter((tag) => tag !== '');
    const version = 1_790_000_000 + this.assets.length;
    const asset = { ...key, folder, tags, context: contextOf(textOf(body.context)), file, version };
    this.assets.push(asset);
    return this.viewOf(asset, origin);
  }

  /** A file in one piece, or as far as its pieces have come. */
  private gather(piece: Buffer, headers: IncomingHttpHeaders): { file: Buffer; whole: boolean } {
    const id = headers['x-unique-upload-id'];
    const range = headers['content-range'];
    if (typeof id !== 'string' || typeof range !== 'string') return { file: piece, whole: true };
    const [, start, end, total] = /^bytes (\d+)-(\d+)\/(-?\d+)$/.exec(range) ?? [];
    const pieces = this.chunks.get(id) ?? [];
    const have = pieces.reduce((sum, { length }) => sum + length, 0);
    if (Number(start) !== have || Number(end) !== have + piece.length - 1)
      throw new Refusal('Invalid Content-Range', 'Content-Range');
    pieces.push(piece);
    this.chunks.set(id, pieces);
    return { file: Buffer.concat(pieces), whole: Number(total) === have + piece.length };
  }

  private find(key: Pick<EmulatedAsset, 'resourceType' | 'type' | 'publicId'>): EmulatedAsset | undefined {
    return this.assets.find(
      ({ resourceType, type, publicId }) =>
        resourceType === key.resourceType && type === key.type && publicId === key.publicId,
    );
  }

  /** `tags:gull AND folder:cuota/2026/*`: the terms that are used here, joined by AND. */
  private search({ expression = '', max_results: most = 50, next_cursor: cursor = 0 }: Json): Json {
    const terms = String(expression)
      .split(/\s+AND\s+/)
      .filter((term) => term !== '');
    const found = this.assets.filter((asset) => terms.every((term) => meets(asset, term)));
    const end = Number(cursor) + Number(most);
    const resources = found.slice(Number(cursor), end).map((asset) => this.viewOf(asset, ''));
    return {
      total_count: found.length,
      time: 5,
      resources,
      ...(end < found.length && { next_cursor: String(end) }),
    };
  }

  private usage(): Json {
    const stored = this.assets.reduce((sum, { file }) => sum + file.length, 0);
    const both = (name: string, usage: number) => {
      const limits = this.limits[name];
      return { usage, ...(isJson(limits) && limits) };
    };
    return { ...this.limits, storage: both('storage', stored), bandwidth: both('bandwidth', 0) };
  }

  private deliver(path: string, range: string | undefined): FileAnswer | undefined {
    const [, resourceType = '', type = '', signature, publicId = '', extension = ''] =
      DELIVERY.exec(path) ?? [];
    const asset = this.find({ resourceType, type, publicId });
    if (type === 'authenticated' && signature !== deliverySignature(`${publicId}.${extension}`))
      throw new Refusal('Unauthorized', 'signature', 401);
    return asset && new FileAnswer(asset.file, TYPES[extension] ?? 'application/octet-stream', range);
  }

  private viewOf(asset: EmulatedAsset, origin: string): Json {
    const { publicId, resourceType, type, folder, tags, context, file, version } = asset;
    const format = file[0] === 0x89 ? 'png' : 'mp4';
    const url = `${origin}/${CLOUDINARY.cloudName}/${resourceType}/${type}/v${version}/${publicId}.${format}`;
    return {
      ...{
        public_id: publicId,
        resource_type: resourceType,
        type,
        version,
        format,
        tags,
        url,
        secure_url: url,
      },
      ...{ asset_folder: folder, folder, bytes: file.length, context: { custom: context } },
      ...{ etag: createHash('md5').update(file).digest('hex'), created_at: '2026-11-21T12:00:00Z' },
    };
  }
}

/** Cloudinary's error for a status. */
export function cloudinaryError(status: number): Json {
  return { error: { message: status === 429 ? 'Too many requests' : 'General Error' } };
}

function meets({ tags, folder, resourceType, publicId }: EmulatedAsset, term: string): boolean {
  const [, field = '', value = ''] = /^(\w+)[:=]"?([^"]*)"?$/.exec(term) ?? [];
  const begins = (text: string) =>
    value.endsWith('*') ? text.startsWith(value.slice(0, -1)) : text === value;
  if (field === 'tags') return tags.includes(value);
  if (field === 'folder' || field === 'asset_folder')
    return begins(`${folder}${value.endsWith('/*') ? '/' : ''}`);
  if (field === 'public_id') return begins(publicId);
  if (field === 'resource_type') return resourceType === value;
  throw new Refusal(`The emulator does not know the term ${term}.`, 'expression');
}

function checkSignature(body: Json): void {
  const signed = Object.entries(body)
    .filter(([name, value]) => !UNSIGNED.includes(name) && typeof value === 'string' && value !== '')
    .map(([name, value]) => `${name}=${String(value)}`.replaceAll('&', '%26'))
    .sort()
    .join('&');
  const expected = createHash('sha1')
    .update(signed + CLOUDINARY.apiSecret)
    .digest('hex');
  if (body.api_key !== CLOUDINARY.apiKey)
    throw new Refusal(`Unknown API key ${textOf(body.api_key)}`, 'api_key', 401);
  if (body.signature !== expected)
    throw new Refusal(
      `Invalid Signature ${textOf(body.signature)}. String to sign - '${signed}'.`,
      'signature',
      401,
    );
}

function checkPassword(authorization: string | undefined): void {
  const expected = Buffer.from(`${CLOUDINARY.apiKey}:${CLOUDINARY.apiSecret}`).toString('base64');
  if (authorization !== `Basic ${expected}`) throw new Refusal('Invalid credentials', 'authorization', 401);
}

function deliverySignature(signed: string): string {
  const hash = createHash('sha1')
    .update(signed + CLOUDINARY.apiSecret)
    .digest('base64url');
  return hash.slice(0, 8);
}

/** `caption=a \= b|source=cuota` */
function contextOf(text: string): Record<string, string> {
  const pairs = text.match(/(?:\\.|[^|\\])+/g) ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1).replace(/\\(.)/g, '$1')];
    }),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function bytesOf(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
