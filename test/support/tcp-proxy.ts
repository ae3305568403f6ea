import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What stands before a server: its clients can lose it, while it goes on with what they had asked. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection for its client; the server hears nothing of it. `closing`: it takes no new ones either. */
  cut(options?: { readonly closing?: boolean }): void;
  /** Takes connections again. */
  open(): void;
  stop(): Promise<void>;
}

/** Starts one before a port of this machine. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  const orphans = new WeakSet<Socket>();
  let closed = false;
  const proxy = createServer((client) => {
    if (closed) {
      client.destroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    clients.add(client.on('error', () => undefined));
    servers.add(server.on('error', () => undefined));
    client.pipe(server, { end: false });
    server.pipe(client);
    client.on('close', () => {
      clients.delete(client);
      if (!orphans.has(client)) server.destroy();
    });
    server.on('close', () => {
      servers.delete(server);
      client.destroy();
    });
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port: own } = proxy.address() as AddressInfo;
  return {
    port: own,
    cut({ closing = false } = {}) {
      closed = closing;
      for (const client of clients) {
        orphans.add(client);
        client.destroy();
      }
    },
    open() {
      closed = false;
    },
    async stop() {
      for (const socket of [...clients, ...servers]) socket.destroy();
      const ended = once(proxy, 'close');
      proxy.close();
      await ended;
    },
  };
}
