import { RubbishAnswer } from './answer-body.js';

/** One event's worth: far more than any chunk of text is. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/**
 * The `data` of each server-sent event (WHATWG HTML, "Server-sent events"), whatever its name. Takes time in proportion
 * to what comes, however it is cut. Rejects with `RubbishAnswer` for an event without end.
 */
export async function* sseData(
  chunks: AsyncIterable<Uint8Array>,
  maxEventCharacters = MAX_EVENT_CHARACTERS,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let data: string[] = [];
  let line = '';
  let size = 0;
  for await (const chunk of chunks) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    line += first;
    size += first.length;
    for (const next of rest) {
      const complete = line.endsWith('\r') ? line.slice(0, -1) : line;
      line = next;
      if (complete !== '') {
        const value = dataOf(complete);
        if (value !== undefined) data.push(value);
      } else if (data.length > 0) {
        yield data.join('\n');
        data = [];
        size = 0;
      }
      size += next.length;
    }
    if (size > maxEventCharacters)
      throw new RubbishAnswer(`sent an event of more than ${maxEventCharacters} characters`);
  }
  // Some servers leave out the blank line after their last event.
  if (data.length > 0) yield data.join('\n');
}

function dataOf(line: string): string | undefined {
  if (!line.startsWith('data:')) return undefined;
  return line.startsWith('data: ') ? line.slice(6) : line.slice(5);
}
