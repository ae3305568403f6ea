import { tagsOf } from './prompt-tags.js';

describe('tagsOf', () => {
  it('takes the meaningful words in lower case, each once, in their order', () => {
    const tags = tagsOf(
      'A lighthouse at Dusk, with the DUSK behind it; please generate an image of 2 gulls.',
    );
    expect(tags).toEqual(['lighthouse', 'dusk', 'gulls', 'cuota', 'ai-generated']);
  });

  it('takes ten words at most', () => {
    const prompt = Array.from({ length: 30 }, (_, index) => `word${index}`).join(' ');
    expect(tagsOf(prompt)).toEqual([...prompt.split(' ').slice(0, 10), 'cuota', 'ai-generated']);
  });

  it('knows the words of other scripts', () => {
    expect(tagsOf('Ein Löwe in Zürich')).toEqual(['ein', 'löwe', 'zürich', 'cuota', 'ai-generated']);
    expect(tagsOf('夕暮れの灯台')).toEqual(expect.arrayContaining(['夕暮れ', '灯台']));
  });

  it('takes further tags, without what separates them elsewhere', () => {
    expect(tagsOf('A castle', ['Shop, North', 'castle', ' ,'])).toEqual([
      'castle',
      'shop north',
      'cuota',
      'ai-generated',
    ]);
  });

  it('makes one of two ways to write a letter', () => {
    expect(tagsOf('cafe\u0301 café')).toEqual(['café', 'cuota', 'ai-generated']);
  });

  it.each(['', '   ', '!!! 42 ---', 'it is the', 'x'.repeat(500), '\0\0'])(
    'has only the tags of its origin for %j',
    (prompt) => {
      expect(tagsOf(prompt)).toEqual(['cuota', 'ai-generated']);
    },
  );
});
