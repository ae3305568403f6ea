import { createHash } from 'node:crypto';

import { type WireObject } from './provider.port.js';
import { isWireObject } from './wire-object.js';

const NOTICE = '[Simulated] No AI provider is configured, so this text was put together without a model.';
const QUOTED_LETTERS = 200;

const SENTENCES = [
  'Imagine a first scene that says in one breath what it is about.',
  'Then comes the part where the viewer learns something worth telling a friend.',
  'A short pause lets the thought settle before the next one arrives.',
  'Numbers are given once, plainly, and then left alone.',
  'An example from everyday life makes the idea easy to hold.',
  'Someone asks the obvious question, and it gets an honest answer.',
  'The tone stays warm, and no sentence is longer than it has to be.',
  'It closes where it began, so that the circle is felt rather than explained.',
];
const SENTENCES_AN_ANSWER = 5;

/** The same text for the same messages; another one for each choice. */
export function simulatedText(messages: readonly WireObject[], choice: number): string {
  const prompt = lastUserText(messages).replace(/\s+/g, ' ').trim();
  const letters = Array.from(prompt);
  const quote = letters.length > QUOTED_LETTERS ? `${letters.slice(0, QUOTED_LETTERS).join('')}…` : prompt;
  const digest = createHash('sha256').update(`${choice}:${prompt}`).digest();
  const start = digest.readUInt32BE() % SENTENCES.length;
  const body = [...SENTENCES, ...SENTENCES].slice(start, start + SENTENCES_AN_ANSWER);
  return [NOTICE, ...(quote === '' ? [] : [`You asked: “${quote}”`]), body.join(' ')].join('\n\n');
}

function lastUserText(messages: readonly WireObject[]): string {
  const last = messages.findLast((message) => message.role === 'user');
  const content = last?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => (isWireObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join(' ');
}
