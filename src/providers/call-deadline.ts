/** Ends one upstream call: by its caller's signal, by its own time, or by hand. Whichever comes first is remembered. */
export class CallDeadline {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private why: 'aborted' | 'timeout' | undefined;

  constructor(
    private readonly caller: AbortSignal,
    private readonly timeoutMs: number,
  ) {
    if (caller.aborted) this.onAbort();
    else caller.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Aborting it closes the upstream connection. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why the call was ended, if it was. */
  get ended(): 'aborted' | 'timeout' | undefined {
    return this.why;
  }

  /** Starts the time, anew where it runs already. */
  start(): void {
    this.pause();
    this.timer = setTimeout(() => {
      this.why ??= 'timeout';
      this.controller.abort();
    }, this.timeoutMs);
  }

  /** Stops the time: while the reader of a stream is slow, the provider is not. */
  pause(): void {
    clearTimeout(this.timer);
  }

  /** Closes the connection. */
  close(): void {
    this.dispose();
    this.controller.abort();
  }

  /** Lets go of the caller's signal, which outlives the call. */
  dispose(): void {
    this.pause();
    this.caller.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    this.why ??= 'aborted';
    this.pause();
    this.controller.abort();
  };
}
