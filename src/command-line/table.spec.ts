import { list, table } from './table.js';

describe('a table for people', () => {
  it('has columns that fit, numbers to the right, and a dash for nothing', () => {
    expect(
      table([
        { name: 'calls', used: 7, max: null },
        { name: 'script_generation', used: 1_200, max: null },
      ]),
    ).toBe('name               used  max\ncalls                 7    -\nscript_generation  1200    -\n');
  });

  it('says where there is nothing', () => {
    expect(table([])).toBe('none\n');
  });

  it('lets no id steer the terminal', () => {
    expect(list({ workflow: 'a\u001b[2Jb' })).toBe('workflow  a?[2Jb\n');
  });
});
