import { Transform } from 'class-transformer';

/** A field that may be left out may be null as well, and means the same: what reads it need not know of null. */
export function NullIsAbsent(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => value ?? undefined);
}
