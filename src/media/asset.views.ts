import { type MediaBytes } from './media-draft.js';
import { type AssetKind, type MediaFormatName } from './media-format.js';

/** An output to keep. */
export interface KeepInput {
  readonly userId: string;
  readonly kind: AssetKind;
  /** At hand, or as they come: a long video need not be in memory. */
  readonly bytes: MediaBytes;
  readonly prompt: string;
  readonly provider: string;
  readonly model: string;
  /** Beside those that are made of the prompt. */
  readonly tags?: readonly string[] | undefined;
  /** The ledger row of the call that made it. */
  readonly usageId?: string | undefined;
  /** Unless said, of the request that is being answered. */
  readonly requestId?: string | undefined;
  /** Of a video, as its provider tells it: where the file itself does not tell. */
  readonly durationSeconds?: number | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A kept output, as the answers of /generate show it. */
export interface KeptAsset {
  readonly assetId: string;
  /** A signed path, good for 24 hours without a header. */
  readonly url: string;
  /** Pixels; `null` where a video's file does not tell. */
  readonly width: number | null;
  readonly height: number | null;
  readonly format: MediaFormatName;
  readonly bytes: number;
  readonly tags: readonly string[];
}

/** A kept output with all that is known of it. */
export interface AssetDetails extends KeptAsset {
  readonly kind: AssetKind;
  readonly durationSeconds: number | null;
  readonly prompt: string;
  readonly provider: string;
  readonly model: string;
  readonly usageId: string | null;
  /** Of the request that asked for it; `null` for what nobody asked by HTTP, and for older videos. */
  readonly requestId: string | null;
  readonly createdAt: Date;
}

/** What became of one of several outputs. */
export type KeepOutcome =
  | { readonly kind: 'kept'; readonly asset: AssetDetails }
  | { readonly kind: 'failed'; readonly error: unknown };
