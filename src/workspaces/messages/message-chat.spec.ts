import { chatOf, jsonOf, judgedAnswer } from './message-chat.js';

const WISH = { prompt: 'Sum it up.', responseFormat: 'text' as const };

describe('a message as a chat', () => {
  it('puts the prompt before the content, and the system prompt before both', () => {
    expect(chatOf({ ...WISH, content: 'A long text.', systemPrompt: 'Be brief.' })).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Sum it up.\n\nA long text.' },
      ],
    });
    expect(chatOf(WISH)).toEqual({ messages: [{ role: 'user', content: 'Sum it up.' }] });
  });

  it('asks for JSON in words too, without which OpenAI refuses its JSON mode', () => {
    const body = chatOf({ ...WISH, responseFormat: 'json', systemPrompt: 'Be brief.' });
    expect(body.response_format).toEqual({ type: 'json_object' });
    expect(JSON.stringify(body.messages)).toMatch(/Be brief\..*JSON/);
  });
});

describe('judgedAnswer', () => {
  it.each(['{"a": 1}', '[]', '"text"', ' 7 ', 'null'])('takes %s for JSON', (text) => {
    expect(judgedAnswer(text, { responseFormat: 'json' })).toEqual({ result: text, error: null });
    expect(jsonOf(text)).toEqual(JSON.parse(text));
  });

  it.each(['', 'Here you are: {}', '```json\n{}\n```', '{"a": 1'])('does not take %j for JSON', (text) => {
    expect(judgedAnswer(text, { responseFormat: 'json' })).toEqual({
      result: null,
      error: { code: 'provider_failed', message: expect.stringContaining('asked for JSON') as string },
    });
    expect(judgedAnswer(text, { responseFormat: 'text' }).result).toBe(text);
  });

  it('keeps what Postgres cannot hold from losing the answer', () => {
    expect(judgedAnswer('a\0b\ud800c\u{1f600}', { responseFormat: 'text' }).result).toBe(
      'a\ufffdb\ufffdc\u{1f600}',
    );
  });
});
