import { createServer } from 'node:net';

import { freePort } from '../../test/support/free-port.js';

import { PgSqlPool } from './pg-sql.pool.js';

/** A message of PostgreSQL's protocol: its type, its length, its body. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

describe('a server that ends a connection with the packet that opened it', () => {
  it('G9: fails the query, and not the process', async () => {
    const fields = [
      'SFATAL',
      'VFATAL',
      'C57P01',
      'Mterminating connection due to unexpected postmaster exit',
    ];
    const hello = Buffer.concat([
      message('R', Buffer.alloc(4)),
      message('Z', Buffer.from('I')),
      message('E', Buffer.from(`${fields.join('\0')}\0\0`)),
    ]);
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(hello));
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const url = `postgres://cuota@127.0.0.1:${port}/cuota`;
    const pool = new PgSqlPool({ url, maxConnections: 1, onIdleError: () => undefined });
    try {
      await expect(pool.query({ name: 'one', text: 'SELECT 1' })).rejects.toThrow();
    } finally {
      await pool.close();
      server.close();
    }
  });
});
