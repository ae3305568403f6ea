import { isRecord } from '../json-object.js';
import { jsonText } from './json-text.js';
import { type TextCounter } from './text-counter.js';
import { imageInputTokens } from './vision-tokens.js';

/** Ten tokens a second, and no codec in use needs less than 1,000 bytes a second (1,333 characters of base64). */
const BASE64_CHARACTERS_PER_AUDIO_TOKEN = 100;
/** A file known by its id only: as much as the longest that a model of 128,000 tokens can read. */
const FILE_BY_ID_TOKENS = 128_000;

/** The tokens of a message's `content`: a text, or parts. Pictures, audio and files are upper estimates. */
export function contentTokens(content: unknown, model: string, counter: TextCounter): number {
  if (content === undefined || content === null) return 0;
  if (typeof content === 'string') return counter.count(content);
  if (!Array.isArray(content)) return counter.count(jsonText(content));
  return content.reduce<number>((total, part) => total + partTokens(part, model, counter), 0);
}

function partTokens(part: unknown, model: string, counter: TextCounter): number {
  if (!isRecord(part)) return counter.count(jsonText(part));
  const { type } = part;
  if (isText(type) && typeof part.text === 'string') return counter.count(part.text);
  if (type === 'image_url' || type === 'input_image') {
    const image = part.image_url;
    return imageInputTokens(model, isRecord(image) ? image.detail : part.detail);
  }
  if (type === 'input_audio') return audioTokens(part.input_audio);
  if (type === 'file') return fileTokens(part.file);
  if (type === 'input_file') return fileTokens(part);
  return counter.count(jsonText(part));
}

function isText(type: unknown): boolean {
  return type === 'text' || type === 'input_text' || type === 'output_text';
}

function audioTokens(audio: unknown): number {
  const data = isRecord(audio) ? audio.data : undefined;
  return typeof data === 'string' ? Math.ceil(data.length / BASE64_CHARACTERS_PER_AUDIO_TOKEN) + 1 : 0;
}

function fileTokens(file: unknown): number {
  const data = isRecord(file) ? file.file_data : undefined;
  // Its text and the pictures of its pages: a token for each character that was sent is more than both.
  return typeof data === 'string' ? data.length : FILE_BY_ID_TOKENS;
}
