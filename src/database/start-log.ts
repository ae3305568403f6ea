/** Where the stores say what they do while starting and healing; Nest's Logger is one. */
export interface StartLog {
  log(message: string): void;
  warn(message: string): void;
}
