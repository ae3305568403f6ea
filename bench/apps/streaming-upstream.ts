import { createServer, type ServerResponse } from 'node:http';

import { given, tellBench } from './serve.js';

const SECONDS = Number(given('STREAM_SECONDS'));
const CHUNKS_A_SECOND = 5;

/** A provider that speaks for a while, so many chunks a second; each says when it was sent. */
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    speak(response, SECONDS * CHUNKS_A_SECOND);
  });
});

function speak(response: ServerResponse, left: number): void {
  if (left === 0) {
    const usage = { prompt_tokens: 12, completion_tokens: SECONDS * CHUNKS_A_SECOND };
    response.write(eventOf({ choices: [], usage }));
    response.end('data: [DONE]\n\n');
    return;
  }
  const delta = { content: ` ${Date.now()}` };
  response.write(eventOf({ choices: [{ index: 0, delta, finish_reason: null }] }));
  setTimeout(() => {
    speak(response, left - 1);
  }, 1000 / CHUNKS_A_SECOND);
}

function eventOf(more: object): string {
  const chunk = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini' };
  return `data: ${JSON.stringify({ ...chunk, ...more })}\n\n`;
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The upstream listens nowhere.');
  tellBench({ url: `http://127.0.0.1:${address.port}` });
});
