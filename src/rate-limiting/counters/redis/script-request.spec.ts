import { requestOf } from './script-request.js';

const call = (text: string, numbers: number[]) => ({
  keys: ['key'],
  args: ['plain', 7, { text, doubles: [numbers], stamps: [1_794_000_000_000_001] }],
});

describe('a written request', () => {
  it('tells Redis the length of each part, in bytes', () => {
    const request = requestOf('evalsha', 'sha', call('é\n', [1.5]));
    const head =
      '*7\r\n$7\r\nevalsha\r\n$3\r\nsha\r\n$1\r\n1\r\n$3\r\nkey\r\n$5\r\nplain\r\n$1\r\n7\r\n$19\r\né\n';
    const size = Buffer.byteLength(head);
    expect(request.toString('utf8', 0, size)).toBe(head);
    expect(request.readDoubleLE(size)).toBe(1.5);
    expect(request.readBigUInt64BE(size + 8)).toBe(1_794_000_000_000_001n);
    expect(request.toString('utf8', size + 16)).toBe('\r\n');
  });

  it('may be of any size, and is not written over by the next', () => {
    const numbers = Array.from({ length: 9_000 }, (_, at) => at);
    const large = requestOf('eval', 'x'.repeat(50_000), call('y'.repeat(70_000), numbers));
    const before = Buffer.from(large);
    requestOf('evalsha', 'sha', call('z', [0]));
    expect(large.equals(before)).toBe(true);
    expect(large.readDoubleLE(large.length - 2 - 8 - 8)).toBe(8_999);
  });
});
