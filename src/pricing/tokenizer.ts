import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';

/** Counts the tokens of a short text: exactly, or by a bound that is never too low. */
export type Tokenizer = (text: string) => number;

// Without it one hostile prompt makes the cache of 100,000 pieces slow for everybody, and prompts stay in memory.
o200k.setMergeCacheSize(0);
cl100k.setMergeCacheSize(0);

/** `<|endoftext|>` in a prompt is text like any other. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

const CL100K_MODELS = /^(gpt-4(?![.o])|gpt-3\.5|gpt-35|text-embedding-|davinci-002|babbage-002)/;
const O200K_MODELS = /^(gpt-|chatgpt-|o\d|codex-|computer-use|dall-e|sora|simulated-)/;
const LARGE_VOCABULARY = /(gemini|gemma|llama-?[34]|qwen|deepseek|kimi|grok|claude|command|glm|mi[sx]tral)/;

/**
 * The tokenizer of a model. OpenAI's models and the simulated ones are counted exactly. Of families with a vocabulary
 * of 100,000 tokens and more, which none of our packages can count, the larger of OpenAI's two counts is taken with a
 * fifth on top and every digit as a token of its own. Of any other model only one bound is sure: a token is at least a
 * byte.
 */
export function tokenizerOf(model: string): Tokenizer {
  const name = model
    .toLowerCase()
    .replace(/^ft:/, '')
    .replace(/^openai\//, '');
  if (CL100K_MODELS.test(name)) return countCl100k;
  if (O200K_MODELS.test(name)) return countO200k;
  return LARGE_VOCABULARY.test(name) ? countLargeVocabulary : utf8Bytes;
}

/** A text's size in UTF-8. */
export function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

function countO200k(text: string): number {
  return o200k.countTokens(text, AS_TEXT);
}

function countCl100k(text: string): number {
  return cl100k.countTokens(text, AS_TEXT);
}

function countLargeVocabulary(text: string): number {
  const digits = text.replace(/\D/g, '').length;
  const estimate = Math.ceil(Math.max(countO200k(text), countCl100k(text)) * 1.2) + digits;
  return Math.min(utf8Bytes(text), estimate);
}
