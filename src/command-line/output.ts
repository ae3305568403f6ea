import { Injectable } from '@nestjs/common';

import { ReaderGone } from './exit-codes.js';

/** stdout, for what was asked for and nothing else. Waits for a reader that is slow, stops for one that has gone. */
@Injectable()
export class Output {
  private wrote = false;

  /** Whether anything was written. */
  get hasBegun(): boolean {
    return this.wrote;
  }

  /** One JSON document. */
  json(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Text for people. */
  text(text: string): Promise<void> {
    return this.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A part of a longer output, as it is. */
  write(part: string): Promise<void> {
    this.wrote = true;
    return new Promise((resolve, reject) => {
      process.stdout.write(part, (error) => {
        if (!error) resolve();
        else reject('code' in error && error.code === 'EPIPE' ? new ReaderGone() : error);
      });
    });
  }
}
