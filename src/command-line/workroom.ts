import { Injectable, type INestApplication } from '@nestjs/common';

import { readEnvironment, type Settings } from '../config/index.js';

import { type Place } from './place.js';
import { StderrLog } from './stderr.log.js';

/**
 * Opens the application for a command's work: the same services as the server's, and nothing that a server does by
 * itself. Not before a command was understood: help and a wrong option need no database.
 */
@Injectable()
export class Workroom {
  private app: INestApplication | undefined;

  /** Does `work` at a desk, and closes everything after it. `find` loads only what this command needs. */
  async with<Desk, Result>(
    find: () => Promise<Place<Desk>>,
    work: (desk: Desk) => Promise<Result>,
  ): Promise<Result> {
    const settings = this.settings();
    const [{ openWork }, place] = await Promise.all([import('./work.module.js'), find()]);
    this.app = await openWork({ settings, place, log: this.log(settings) });
    try {
      return await work(this.app.get(place.desk));
    } finally {
      await this.close();
    }
  }

  /** @throws Error that lists every setting that is wrong */
  settings(): Settings {
    const read = readEnvironment();
    if ('settings' in read) return read.settings;
    throw new Error(`These settings are wrong: ${read.faults.join('; ')}`);
  }

  log({ http }: Settings): StderrLog {
    return new StderrLog(http.logLevel === 'debug' || http.logLevel === 'trace');
  }

  /** Closes what is open. Closing twice is no fault. */
  async close(): Promise<void> {
    const { app } = this;
    this.app = undefined;
    await app?.close();
  }
}
