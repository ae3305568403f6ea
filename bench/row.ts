import { type Figure } from './figures.js';

/** How long a measurement may take. */
export interface Pace {
  /** One measurement of one thing. */
  readonly ms: number;
  /** Everything small: to see that it runs, not how fast. */
  readonly quick: boolean;
  /** How many rows of usage a report is made of. */
  readonly usageRows: number;
}

/** One row of the bench: a question, and all that is measured side by side to answer it. */
export interface Row {
  readonly letter: string;
  readonly title: string;
  /** Takes so long that it runs only where it is asked for. */
  readonly onRequest?: true;
  open(pace: Pace): Promise<OpenRow>;
}

/** A row with its servers running. */
export interface OpenRow {
  /** Measures everything once. */
  round(): Promise<Figure[]>;
  close(): Promise<void>;
}
