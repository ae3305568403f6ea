import { Injectable, type PipeTransform } from '@nestjs/common';

import { CodedError } from '../errors.js';

/** An id of a workspace or workflow in a path: whatever `X-Workspace-Id` and `X-Workflow-Id` take, or a workflow of somebody's. */
@Injectable()
export class SubjectIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (/^[\x20-\x7e]{1,600}$/.test(id)) return id;
    throw new CodedError('not_found', 'No id looks like this one. Check the path.');
  }
}
