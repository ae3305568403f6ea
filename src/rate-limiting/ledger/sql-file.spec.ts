import { sqlFile } from './sql-file.js';

describe('sqlFile', () => {
  it('gives a statement without its comments, under a name of its own', () => {
    const { name, text } = sqlFile('usage-totals', { whose: 'user_id = $3' });
    expect(name).toBe('ledger usage-totals user_id = $3');
    expect(text).toMatch(/^SELECT/);
    expect(text).toContain('WHERE user_id = $3');
    expect(text).not.toMatch(/--|\{/);
  });

  it('stops the start where a file is missing, or a choice was not made', () => {
    expect(() => sqlFile('no-such-statement')).toThrow('no-such-statement.sql');
    expect(() => sqlFile('usage-totals')).toThrow('usage-totals.sql asks for {whose}');
  });
});
