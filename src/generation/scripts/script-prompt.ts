import { type GenerateScriptDto } from './script.dto.js';

/** The pace of a calm speaker: what a script of a given length is cut to. */
const WORDS_PER_SECOND = 2.5;

/** A script's wish as the messages of a chat. */
export function scriptMessages(wish: GenerateScriptDto): Record<string, unknown>[] {
  const lines = [
    'You write scripts that are read aloud to a camera. Answer with the spoken text only: no headings, no stage directions.',
  ];
  if (wish.language) lines.push(`Language: ${wish.language}.`);
  if (wish.tone) lines.push(`Tone: ${wish.tone}.`);
  if (wish.durationSeconds) {
    const words = Math.max(1, Math.round(wish.durationSeconds * WORDS_PER_SECOND));
    lines.push(`Length: about ${words} words, ${wish.durationSeconds} seconds when spoken.`);
  }
  return [
    { role: 'system', content: lines.join('\n') },
    { role: 'user', content: wish.topic },
  ];
}
