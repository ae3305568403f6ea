/** Which epoch the counters stand in. */
export interface Epoch {
  /** The name of the epoch that is open, where that is known; else it must be waited for. */
  readonly known: string | undefined;

  /** @throws CodedError `store_unavailable` where none is open within a second. */
  current(): Promise<string>;

  /** A script said that the epoch has passed. */
  lost(): void;
}

/** One epoch for ever, that no script asks for: where nobody empties the server. */
export const STANDING_EPOCH: Epoch = {
  known: '',
  current: () => Promise.resolve(''),
  lost: () => undefined,
};
