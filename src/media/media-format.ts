import { imageSize } from 'image-size';

import { CodedError } from '../errors.js';

import { type MediaSource, type VideoHeader } from './media-source.js';
import { readVideoHeader } from './video-header.js';

export type AssetKind = 'image' | 'video';

export type MediaFormatName = 'png' | 'jpeg' | 'webp' | 'gif' | 'mp4' | 'webm';

interface MediaFormat {
  readonly format: MediaFormatName;
  readonly kind: AssetKind;
  readonly mime: string;
  readonly extension: string;
  readonly begins: (bytes: Buffer) => boolean;
}

/** What bytes were found to be. Sides and length are `null` where the file does not tell; an image has no length. */
export interface MediaDescription extends VideoHeader {
  readonly format: MediaFormatName;
  readonly mime: string;
  readonly extension: string;
}

/** The most that is kept of each kind. Images are looked at whole. */
export const MAX_MEDIA_BYTES = { image: 64 * 1024 * 1024, video: 1024 * 1024 * 1024 } as const;

/** What a file is told by: Matroska's kind stands behind some numbers of EBML. */
const SIGNATURE_BYTES = 64;

/** JPEG, GIF and WebP cannot say more, and no provider paints more. */
const MAX_SIDE_PX = 65_535;

/** Brands of MP4 files. HEIC, AVIF and QuickTime have the same box with brands of their own. */
const MP4_BRAND = /^(isom|iso[2-9]|mp4[12]|avc1|dash|mmp4|M4V |MSNV)$/;

/** Every format that is kept, told by its first bytes. */
const FORMATS: readonly MediaFormat[] = [
  {
    format: 'png',
    kind: 'image',
    mime: 'image/png',
    extension: 'png',
    begins: (bytes) => text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n',
  },
  {
    format: 'jpeg',
    kind: 'image',
    mime: 'image/jpeg',
    extension: 'jpg',
    begins: (bytes) => text(bytes, 0, 3) === '\xff\xd8\xff',
  },
  {
    format: 'webp',
    kind: 'image',
    mime: 'image/webp',
    extension: 'webp',
    begins: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP',
  },
  {
    format: 'gif',
    kind: 'image',
    mime: 'image/gif',
    extension: 'gif',
    begins: (bytes) => /^GIF8[79]a$/.test(text(bytes, 0, 6)),
  },
  {
    format: 'mp4',
    kind: 'video',
    mime: 'video/mp4',
    extension: 'mp4',
    begins: (bytes) => text(bytes, 4, 8) === 'ftyp' && MP4_BRAND.test(text(bytes, 8, 12)),
  },
  {
    format: 'webm',
    kind: 'video',
    mime: 'video/webm',
    extension: 'webm',
    begins: (bytes) =>
      text(bytes, 0, 4) === '\x1aE\xdf\xa3' && /B\x82[^]{1,8}webm/.test(text(bytes, 4, SIGNATURE_BYTES)),
  },
];

/**
 * Tells what bytes are by the bytes alone: a type that somebody claims is never believed.
 * @throws CodedError `provider_failed` for what is no image or video as asked, or is broken.
 */
export async function describeMedia(source: MediaSource, kind: AssetKind): Promise<MediaDescription> {
  const signature = await source.read(0, SIGNATURE_BYTES);
  const found = FORMATS.find(({ begins }) => begins(signature));
  if (found?.kind !== kind)
    throw notMedia(kind, found ? `a file of the type ${found.mime}` : 'something else');
  const { format, mime, extension } = found;
  if (format === 'mp4' || format === 'webm')
    return { format, mime, extension, ...(await readVideoHeader(source, format)) };
  const bytes = await source.read(0, source.bytes);
  return { format, mime, extension, ...sidesOf(bytes, mime), durationSeconds: null };
}

/** The refusal of more than is kept of a kind. */
export function tooLarge(kind: AssetKind): CodedError {
  return notMedia(kind, `more than ${MAX_MEDIA_BYTES[kind]} bytes`);
}

function sidesOf(bytes: Buffer, mime: string): { width: number; height: number } {
  const { width, height } = measure(bytes, mime);
  const sound = [width, height].every((side) => side >= 1 && side <= MAX_SIDE_PX);
  if (sound) return { width, height };
  throw notMedia('image', `an ${mime} of ${width} × ${height} pixels`);
}

function measure(bytes: Buffer, mime: string): { width: number; height: number } {
  try {
    // A copy: of a file cut short it would read on into whatever lies behind the bytes in memory.
    return imageSize(new Uint8Array(bytes));
  } catch (cause) {
    throw notMedia('image', `an ${mime} whose header is broken`, cause);
  }
}

function notMedia(kind: AssetKind, instead: string, cause?: unknown): CodedError {
  const formats = FORMATS.filter((known) => known.kind === kind).map(({ format }) => format.toUpperCase());
  const wanted = `${kind === 'image' ? 'an image' : 'a video'} (${formats.join(', ')})`;
  const message = `The provider was asked for ${wanted} and sent ${instead}. Nothing was kept; try again or choose another model.`;
  return new CodedError('provider_failed', message, {}, { cause });
}

function text(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to);
}
