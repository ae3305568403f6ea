/** What a policy knows of one place a call may go to. */
export interface RouteFacts {
  /** What the call is expected to cost there, in nano-dollars; `undefined` where no price is known. */
  readonly costNanoUsd: number | undefined;
  /** The moving average of how long such calls take there; `undefined` where none was measured lately. */
  readonly latencyMs: number | undefined;
}

/** Puts routes in the order in which they are to be tried. Equals stay as they came: in `PROVIDER_ORDER`. */
export type RoutingPolicy = <Route extends RouteFacts>(routes: readonly Route[]) => readonly Route[];
