import { Client, type ClientConfig } from 'pg';

/**
 * A connection whose loss is always heard. A pool hands a new connection out through a promise: where the server ends
 * it in the same packet that opened it, nobody listens yet, and an unheard error would end the process. Whoever uses
 * the connection learns of the loss by the query that fails.
 */
export class HeardClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
