/** Somebody waits, somebody else wakes them; a call that comes before the waiting is not lost. */
export class WakeUp {
  private called = false;
  private wake: (() => void) | undefined;

  /** Whether somebody waits and was not called yet. */
  get waiting(): boolean {
    return this.wake !== undefined;
  }

  call(): void {
    this.called = true;
    this.wake?.();
    this.wake = undefined;
  }

  /** Resolves with the next call, or at once after one that nobody has waited for. */
  async wait(): Promise<void> {
    if (!this.called) await new Promise<void>((resolve) => (this.wake = resolve));
    this.called = false;
  }
}
