import { CodedError } from '../errors.js';

import { pageOf, PageQuery, pageRequest } from './page.js';

const query = (cursor?: string) => Object.assign(new PageQuery(), cursor === undefined ? {} : { cursor });

describe('pages', () => {
  it('go on where the one before ended', () => {
    const page = pageOf([{ id: 'a' }, { id: 'b' }, { id: 'c' }], 2);
    expect(page.items).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(pageRequest(query(page.nextCursor ?? ''))).toEqual({ limit: 50, after: 'b' });
  });

  it('end with a null cursor', () => {
    expect(pageOf([{ id: 'a' }, { id: 'b' }], 2).nextCursor).toBeNull();
    expect(pageOf([], 2)).toEqual({ items: [], nextCursor: null });
  });

  it.each([
    '',
    'b',
    'nonsense!',
    Buffer.from('after:').toString('base64url'),
    Buffer.from('after:\0').toString('base64url'),
  ])('refuse %j, which is no cursor of theirs', (cursor) => {
    expect(() => pageRequest(query(cursor))).toThrow(CodedError);
  });
});
