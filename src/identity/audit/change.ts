/** Who makes a change, and why. */
export interface ChangeContext {
  readonly actor: Actor;
  readonly reason?: string | undefined;
}

export interface Actor {
  /** The user's id; `null` where no user acts, such as at start or on the command line. */
  readonly id: string | null;
  /** As people know it: an email, `bootstrap`, `cli:<user of the machine>`. */
  readonly label: string;
}
