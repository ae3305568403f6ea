import { createReadStream } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { dirname } from 'node:path/posix';

import { type v2, type UploadApiOptions } from 'cloudinary';

import { isRecord } from '../json-object.js';

import { type BytePart } from './byte-range.js';
import { toCloudFailure } from './cloudinary-failure.js';
import { readCloudinaryUsage } from './cloudinary-usage.js';
import { openDelivery } from './cloud-delivery.js';
import {
  CloudFailure,
  type CloudFile,
  type CloudUpload,
  type CloudUsage,
  MediaCloud,
} from './media-cloud.port.js';
import { type OpenMedia } from './local-media.store.js';

export interface CloudinaryAccount {
  readonly cloudName: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Unset: Cloudinary's own addresses. */
  readonly baseUrl?: string | undefined;
}

export interface CloudinaryBounds {
  /** How long it may be silent. */
  readonly silenceMs: number;
  /** Files up to this size are sent in one piece, longer ones in such pieces. */
  readonly pieceBytes: number;
}

type Sdk = typeof v2;

/** The parts of its client's options that every call has, and the signal that ends it. */
interface Call {
  readonly options: UploadApiOptions;
  readonly signal: AbortSignal;
}

/** Cloudinary refuses pieces of less than 5 MB. */
const BOUNDS: CloudinaryBounds = { silenceMs: 30_000, pieceBytes: 10_000_000 };
/** What a slow line carries all the same: 250 KB a second. */
const BYTES_PER_MS = 250;
/** Not public: delivered to who has a signed address, which only this process makes. */
const TYPE = 'authenticated';

/**
 * Outputs in Cloudinary, by its own client. An asset's public id is its path, which ends in the hash of its bytes. The
 * client is told everything with each call, since its settings are of the whole process.
 */
export class CloudinaryStore extends MediaCloud {
  readonly name = 'cloudinary';
  private readonly running = new Set<AbortController>();

  constructor(
    private readonly sdk: Sdk,
    private readonly account: CloudinaryAccount,
    private readonly bounds: CloudinaryBounds = BOUNDS,
  ) {
    super();
  }

  upload(file: CloudUpload): Promise<void> {
    const publicId = publicIdOf(file.path);
    return this.call(file.bytes / BYTES_PER_MS, Object.values(file.context), async (call) => {
      const answer = await this.send(file, publicId, call);
      // Where it is not sure that the file is there, ours must not be removed.
      if (!isRecord(answer) || answer.public_id !== publicId)
        throw new CloudFailure('away', 'answered without naming the asset');
    });
  }

  async open({ kind, path, bytes }: CloudFile, part?: BytePart): Promise<OpenMedia | undefined> {
    const url = this.sdk.url(publicIdOf(path), {
      ...deliveryOf(this.account),
      api_secret: this.account.apiSecret,
      resource_type: kind,
      type: TYPE,
      format: path.slice(path.lastIndexOf('.') + 1),
      sign_url: true,
      urlAnalytics: false,
    });
    return openDelivery(url, { bytes, part, silenceMs: this.bounds.silenceMs });
  }

  usage(): Promise<CloudUsage> {
    return this.call(0, [], async ({ options }) => readCloudinaryUsage(await this.sdk.api.usage(options)));
  }

  close(): void {
    for (const controller of this.running) controller.abort();
  }

  private async call<T>(
    longestMs: number,
    secrets: readonly string[],
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    const { cloudName, apiKey, apiSecret, baseUrl } = this.account;
    // An agent of its own: the client cannot be told to stop, but its connections can be closed.
    const agent = baseUrl?.startsWith('http:') ? new HttpAgent() : new HttpsAgent();
    const options = {
      ...{ cloud_name: cloudName, api_key: apiKey, api_secret: apiSecret, agent },
      ...(baseUrl !== undefined && { upload_prefix: baseUrl.replace(/\/$/, '') }),
      timeout: this.bounds.silenceMs,
    };
    const controller = new AbortController();
    this.running.add(controller);
    const timer = setTimeout(() => {
      controller.abort();
    }, this.bounds.silenceMs + longestMs);
    try {
      return await Promise.race([work({ options, signal: controller.signal }), ended(controller.signal)]);
    } catch (error) {
      throw toCloudFailure(error, [apiSecret, apiKey, ...secrets]);
    } finally {
      clearTimeout(timer);
      this.running.delete(controller);
      controller.abort();
      agent.destroy();
    }
  }

  private send(file: CloudUpload, publicId: string, { options, signal }: Call): Promise<unknown> {
    const { pieceBytes } = this.bounds;
    return new Promise((resolve, reject) => {
      const told = (error?: unknown, answer?: unknown): void => {
        if (error === undefined) resolve(answer);
        else reject(asError(error));
      };
      const asset = {
        ...options,
        ...{ resource_type: file.kind, type: TYPE, public_id: publicId, overwrite: false },
        ...{ asset_folder: dirname(file.path), tags: [...file.tags], context: { ...file.context } },
        // Its promise is one that nobody waits for where a stream is sent: rejected, it would end the process.
        ...{ disable_promises: true, chunk_size: pieceBytes },
      };
      const target =
        file.bytes > pieceBytes
          ? this.sdk.uploader.upload_chunked_stream(asset, told)
          : this.sdk.uploader.upload_stream(asset, told);
      // Read in pieces as long as those that are sent: the client copies what it gathers with each that comes.
      const highWaterMark = Math.min(file.bytes, pieceBytes);
      const source = createReadStream(file.localPath, { highWaterMark, signal });
      for (const stream of [source, target]) stream.on('error', reject);
      source.pipe(target);
    });
  }
}

function publicIdOf(path: string): string {
  return path.slice(0, path.lastIndexOf('.'));
}

/** Where files are delivered from: at the base URL, where there is one. */
function deliveryOf({ cloudName, baseUrl }: CloudinaryAccount) {
  const common = { cloud_name: cloudName, private_cdn: false };
  if (baseUrl === undefined) return { ...common, secure: true };
  const host = baseUrl.replace(/^https?:\/\/|\/$/g, '');
  return baseUrl.startsWith('https:')
    ? { ...common, secure: true, secure_distribution: host }
    : { ...common, secure: false, cname: host };
}

/** Rejects when a call has lasted too long, or is broken off. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => {
      reject(new CloudFailure('away', 'did not answer in time'));
    };
    signal.addEventListener('abort', end, { once: true });
  });
}

/** The client rejects with plain objects; what is in them is looked at by `toCloudFailure` alone. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : Object.assign(new Error('cloudinary'), { error });
}
