/**
 * The data of a documented answer or a row: shaped as the class is, but made as a literal. Classes are there for what
 * their decorators say; nobody calls their constructors.
 */
export type Shown<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Shown<Item>[]
    : T extends object
      ? { [Name in keyof T]: Shown<T[Name]> }
      : T;
