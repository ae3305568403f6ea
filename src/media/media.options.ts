export const MEDIA_OPTIONS = Symbol('cuota:media-options');

/** What media needs of the settings. */
export interface MediaOptions {
  /** The folder above those of the days: one name or several with `/` between them. */
  readonly folder: string;
  /** How long an answer waits at most until its output is in the store outside. 0: it does not. */
  readonly uploadWaitMs: number;
}

const FOLDER = /^[\p{L}\p{N}_][\p{L}\p{N}_. -]*(\/[\p{L}\p{N}_][\p{L}\p{N}_. -]*)*$/u;

/**
 * Reads MEDIA_FOLDER and MEDIA_UPLOAD_WAIT_MS.
 * @throws Error where it is no folder below another one: found at start, not when the first output is paid for.
 */
export function mediaOptionsOf({ folder: mediaFolder, uploadWaitMs }: MediaOptions): MediaOptions {
  const folder = mediaFolder.replace(/^\/|\/$/g, '');
  if (FOLDER.test(folder)) return { folder, uploadWaitMs };
  throw new Error(
    `MEDIA_FOLDER: ${JSON.stringify(mediaFolder)} is not taken; it takes names of letters, digits, "_", "-", "." and spaces with "/" between them, none of which begins with a dot.`,
  );
}
