// Portkey's gateway as its own program starts it, telling the bench where it listens and what it costs.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const port = await freePort();
process.argv.push(`--port=${port}`, '--headless');
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ kind: 'cpu', microseconds: user + system });
});
await import(import.meta.resolve('@portkey-ai/gateway/build/start-server.js'));
while (!(await listens())) await delay(50);
process.send?.({ kind: 'listens', url: `http://127.0.0.1:${port}` });

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

async function listens() {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
