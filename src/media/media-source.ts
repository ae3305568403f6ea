/** Bytes of which parts can be read, without all of them in memory. */
export interface MediaSource {
  /** How many there are. */
  readonly bytes: number;
  /** Fewer than `length` where the source ends, none behind its end. */
  read(at: number, length: number): Promise<Buffer>;
}

/** A source of bytes that are at hand. */
export function inMemory(buffer: Buffer): MediaSource {
  return {
    bytes: buffer.length,
    read: (at, length) => Promise.resolve(buffer.subarray(at, at + length)),
  };
}

/** What a video's file says of itself; `null` where it does not, or not in a way that is read here. */
export interface VideoHeader {
  /** Pixels. */
  readonly width: number | null;
  readonly height: number | null;
  readonly durationSeconds: number | null;
}
