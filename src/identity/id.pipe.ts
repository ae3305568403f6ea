import { Injectable, type PipeTransform } from '@nestjs/common';

import { CodedError } from '../errors.js';

/** An id in a path. What cannot be anybody's id, such as a text that Postgres cannot hold, is not found. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (/^[\w.:@-]{1,200}$/.test(id)) return id;
    throw new CodedError('not_found', 'No id looks like this one. Check the path.');
  }
}
