import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { errorCodeOf, onDisk, orUndefinedIfMissing } from './disk-failure.js';
import { type MediaSource } from './media-source.js';

/** The bytes of an output: at hand, or as they come. */
export type MediaBytes = Uint8Array | AsyncIterable<Uint8Array>;

export interface DraftLimit {
  readonly maxBytes: number;
  /** What is thrown past it. */
  readonly tooLarge: () => Error;
}

/**
 * An output on disk that has no place yet. It is written piece by piece, so that a long video is never in memory, and
 * under another name: a crash leaves a draft behind, never half a file under its final name. Whoever made one moves or
 * discards it.
 */
export class MediaDraft implements MediaSource {
  private constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
    readonly bytes: number,
    /** Of the bytes, in hex. */
    readonly sha256: string,
  ) {}

  /** @throws what the source throws; CodedError `internal_error` where it cannot be written. */
  static async write(folder: string, source: MediaBytes, limit: DraftLimit): Promise<MediaDraft> {
    const path = join(folder, randomUUID());
    const handle = await onDisk(async () => {
      await mkdir(folder, { recursive: true });
      return open(path, 'wx+', 0o600);
    });
    try {
      const { bytes, sha256 } = await copy(source, handle, limit);
      return new MediaDraft(handle, path, bytes, sha256);
    } catch (error) {
      await abandon(handle, path);
      throw error;
    }
  }

  async read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.bytes - at)));
    const { bytesRead } = await onDisk(() => this.handle.read(buffer, 0, buffer.length, at));
    return buffer.subarray(0, bytesRead);
  }

  /** Gives it its place, unless it is there already. */
  moveTo(target: string): Promise<void> {
    return onDisk(async () => {
      if ((await orUndefinedIfMissing(stat(target)))?.size === this.bytes) return;
      // Renamed before its content is on disk, a file would be empty after a power cut.
      await this.handle.sync();
      await mkdir(dirname(target), { recursive: true });
      await rename(this.path, target);
    });
  }

  /** Lets go of it; what was moved stays. */
  discard(): Promise<void> {
    return abandon(this.handle, this.path);
  }
}

async function copy(source: MediaBytes, handle: FileHandle, { maxBytes, tooLarge }: DraftLimit) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source instanceof Uint8Array ? [source] : source) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    hash.update(piece);
    await onDisk(() => handle.appendFile(piece));
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function abandon(handle: FileHandle, path: string): Promise<void> {
  await handle.close().catch(ignoreClosed);
  await rm(path, { force: true });
}

function ignoreClosed(error: unknown): void {
  if (errorCodeOf(error) !== 'EBADF') throw error;
}
