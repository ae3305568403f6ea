import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { type Readable } from 'node:stream';

import { type BytePart } from './byte-range.js';
import { errorCodeOf, onDisk, orUndefinedIfMissing } from './disk-failure.js';
import { type DraftLimit, type MediaBytes, MediaDraft } from './media-draft.js';

/** A kept file that is being read. Whoever opened it reads `stream` to its end or destroys it. */
export interface OpenMedia {
  readonly stream: Readable;
  /** Its whole length. */
  readonly bytes: number;
  /** What of it is in `stream`, where that is not all. */
  readonly part?: BytePart | undefined;
}

/** Outputs in a folder of this machine. */
export class LocalMediaStore {
  private readonly root: string;
  private readonly drafts: string;
  private known: Promise<string> | undefined;

  constructor(root: string) {
    this.root = resolve(root);
    this.drafts = join(this.root, '.drafts');
  }

  /**
   * Which disk this is, for as long as the folder is there: what is to be uploaded stays with whoever has it, over
   * restarts, and processes that share a folder share its name.
   */
  id(): Promise<string> {
    this.known ??= onDisk(() => this.readOrMakeId()).catch((error: unknown) => {
      this.known = undefined;
      throw error;
    });
    return this.known;
  }

  /** Writes an output down, without a place yet. */
  draft(source: MediaBytes, limit: DraftLimit): Promise<MediaDraft> {
    return MediaDraft.write(this.drafts, source, limit);
  }

  /**
   * Keeps a draft whole or not at all. `path` is made by us out of date and hash, below the store's root; one path
   * stands for one content, so that doing it again changes nothing.
   * @throws CodedError `internal_error` where there is no room or no access.
   */
  async put(path: string, draft: MediaDraft): Promise<void> {
    await draft.moveTo(this.locate(path));
  }

  /** Opens a file, or a part of it; `undefined` where it is gone. */
  async open(path: string, part?: BytePart): Promise<OpenMedia | undefined> {
    // The file is opened before anything is answered: one that is gone is noticed while it can still be told.
    const handle = await orUndefinedIfMissing(open(this.locate(path)));
    if (!handle) return undefined;
    try {
      const { size } = await handle.stat();
      return { stream: handle.createReadStream(part ?? {}), bytes: size, part };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await rm(this.locate(path), { force: true });
  }

  /** Clears away what crashes left behind: drafts that nobody has written to since. */
  async clearDrafts(beforeMs: number): Promise<void> {
    const names = (await orUndefinedIfMissing(readdir(this.drafts))) ?? [];
    for (const path of names.map((name) => join(this.drafts, name))) {
      const written = (await orUndefinedIfMissing(stat(path)))?.mtimeMs ?? beforeMs;
      if (written < beforeMs) await rm(path, { force: true });
    }
  }

  /** Where a file is. The second lock on the door: paths are made by us, and yet none may lead out of the folder. */
  locate(path: string): string {
    const target = resolve(this.root, path);
    if (!path.includes('\0') && target.startsWith(this.root + sep)) return target;
    throw new Error(
      `The media path ${JSON.stringify(path)} leads out of the media folder. Check MEDIA_FOLDER.`,
    );
  }

  private async readOrMakeId(): Promise<string> {
    const path = join(this.root, '.disk');
    const there = await orUndefinedIfMissing(readFile(path, 'utf8'));
    if (there !== undefined) return there.trim();
    await mkdir(this.drafts, { recursive: true });
    const id = randomUUID();
    const draft = join(this.drafts, id);
    await writeFile(draft, `${id}\n`, { mode: 0o600, flag: 'wx' });
    // A link appears with its whole content or not at all, and only for the first of several processes.
    await link(draft, path).catch((error: unknown) => {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    });
    await rm(draft, { force: true });
    return (await readFile(path, 'utf8')).trim();
  }
}
