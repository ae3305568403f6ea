import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

import { CodedError } from '../errors.js';

import { type MediaFile, MediaStore, type OpenMedia } from './media-store.port.js';

/** Outputs in a folder of this machine. Instances on several machines need one that they share. */
export class LocalMediaStore extends MediaStore {
  private readonly root: string;

  constructor(root: string) {
    super();
    this.root = resolve(root);
  }

  async put({ path, bytes }: MediaFile): Promise<void> {
    const target = this.locate(path);
    try {
      if ((await sizeOf(target)) !== bytes.length) await this.write(target, bytes);
    } catch (cause) {
      throw notKept(cause);
    }
  }

  async open(path: string): Promise<OpenMedia | undefined> {
    // The file is opened before anything is answered: one that is gone is noticed while it can still be told.
    const handle = await orUndefinedIfMissing(open(this.locate(path)));
    if (!handle) return undefined;
    try {
      const { size } = await handle.stat();
      return { stream: handle.createReadStream(), bytes: size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A crash leaves a draft behind, never half a file under its final name. */
  private async write(target: string, bytes: Buffer): Promise<void> {
    const drafts = join(this.root, '.drafts');
    await Promise.all([drafts, dirname(target)].map((folder) => mkdir(folder, { recursive: true })));
    const draft = join(drafts, randomUUID());
    try {
      await writeToDisk(draft, bytes);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /** The second lock on the door: paths are made by us, and yet none may lead out of the folder. */
  private locate(path: string): string {
    const target = resolve(this.root, path);
    if (!path.includes('\0') && target.startsWith(this.root + sep)) return target;
    throw new Error(
      `The media path ${JSON.stringify(path)} leads out of the media folder. Check MEDIA_FOLDER.`,
    );
  }
}

async function writeToDisk(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    // Renamed before its content is on disk, a file would be empty after a power cut.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await orUndefinedIfMissing(stat(path)))?.size;
}

async function orUndefinedIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function notKept(cause: unknown): CodedError {
  const why = codeOf(cause) ?? 'unknown fault';
  const message = `The output was made but could not be written to the media folder in DATA_DIR (${why}). The operator has to look at its room and rights.`;
  return new CodedError('internal_error', message, {}, { cause });
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
