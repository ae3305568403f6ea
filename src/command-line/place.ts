import { type Type } from '@nestjs/common';

/** Where a command's work is done, and what that needs beside the stores. */
export interface Place<Desk> {
  readonly desk: Type<Desk>;
  readonly modules?: readonly Type[];
}
