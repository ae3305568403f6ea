import { type Readable } from 'node:stream';

/** A file to keep. `path` is made by us out of date and hash; nothing that a caller says is in it. */
export interface MediaFile {
  /** Below the store's root, with `/` between its parts. */
  readonly path: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

/** A kept file that is being read. Whoever opened it reads `stream` to its end or destroys it. */
export interface OpenMedia {
  readonly stream: Readable;
  /** Its whole length. */
  readonly bytes: number;
}

/** Where outputs are kept. */
export abstract class MediaStore {
  /**
   * Keeps a file whole or not at all. One path stands for one content, so that doing it again changes nothing.
   * @throws CodedError `internal_error` where there is no room or no access.
   */
  abstract put(file: MediaFile): Promise<void>;

  /** Opens a file; `undefined` where it is gone. */
  abstract open(path: string): Promise<OpenMedia | undefined>;
}
