import { sqlFile } from './sql-file.js';

describe('sqlFile', () => {
  it('gives a statement without its comments, under a name of its own', () => {
    const { name, text } = sqlFile('used-by-days', { subject: 'user_id' });
    expect(name).toBe('ledger used-by-days user_id');
    expect(text).toMatch(/^SELECT/);
    expect(text).toContain('WHERE user_id = $1');
    expect(text).not.toMatch(/--|\{/);
  });

  it('stops the start where a file is missing, or a choice was not made', () => {
    expect(() => sqlFile('no-such-statement')).toThrow('no-such-statement.sql');
    expect(() => sqlFile('used-by-days')).toThrow('used-by-days.sql asks for {subject}');
  });
});
