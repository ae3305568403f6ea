import { type BytePart } from './byte-range.js';
import { type OpenMedia } from './local-media.store.js';
import { type AssetKind } from './media-format.js';

/** Injection token of the MediaCloud, or of `undefined` where outputs stay on the local disk. */
export const MEDIA_CLOUD = Symbol('cuota:media-cloud');

/** A kept file, as a store outside knows it. */
export interface CloudFile {
  readonly kind: AssetKind;
  /** `<MEDIA_FOLDER>/2026/11/21/images/<sha256>.png` */
  readonly path: string;
  readonly bytes: number;
}

/** A file on its way, and what is told of it there. */
export interface CloudUpload extends CloudFile {
  /** Where it is on this machine. */
  readonly localPath: string;
  readonly tags: readonly string[];
  readonly context: Readonly<Record<string, string>>;
}

/** An amount and its maximum; `null` where there is none, or none that is told. */
export interface Used {
  readonly used: number;
  readonly limit: number | null;
}

/** What an account there has used: bytes, and the plan's credits where they are what is limited. */
export interface CloudUsage {
  readonly storage: Used;
  readonly bandwidth: Used;
  readonly credits: Used | null;
}

/** Why a store outside did not do as asked. The message holds no secret and no prompt. */
export class CloudFailure extends Error {
  constructor(
    /** `away`: nothing to do with what was asked, so that all else waits as well. `refused`: this, as it is. */
    readonly kind: 'away' | 'refused',
    message: string,
  ) {
    super(message);
    this.name = 'CloudFailure';
  }
}

/** Where outputs are kept outside of this machine. Every method rejects with a CloudFailure and with nothing else. */
export abstract class MediaCloud {
  /** As people know it. */
  abstract readonly name: string;

  /** Keeps a file. One path stands for one content: what is there already is not sent over it. */
  abstract upload(file: CloudUpload): Promise<void>;

  /** Opens a file, or a part of it; `undefined` where it is gone. */
  abstract open(file: CloudFile, part?: BytePart): Promise<OpenMedia | undefined>;

  abstract usage(): Promise<CloudUsage>;

  /** Breaks off what is under way. */
  abstract close(): void;
}
