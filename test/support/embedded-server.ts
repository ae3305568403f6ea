import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';

/** A process that uses an embedded PostgreSQL: `embedded-server <DATA_DIR>`; it says the URL and ends at SIGTERM. */
async function main(dataDir: string): Promise<void> {
  const log = { log: () => undefined, warn: () => undefined };
  const embedded = await startEmbeddedPostgres({ dataDir, log });
  process.on('SIGTERM', () => void embedded.stop().then(() => process.exit(0)));
  // As a server that drains at Ctrl-C, and takes its time.
  process.on('SIGINT', () => process.stdout.write('draining\n'));
  process.on('SIGUSR2', () => process.exit(3));
  setInterval(() => undefined, 60_000);
  process.stdout.write(`${embedded.url}\n`);
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
