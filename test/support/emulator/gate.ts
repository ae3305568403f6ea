/** Where requests wait until they are let through, so that a test can keep them in flight without sleeping. */
export class Gate {
  private closed = false;
  private waiting: (() => void)[] = [];

  close(): void {
    this.closed = true;
  }

  /** Opens it for good, or lets so many of the waiting through and stays closed. */
  open(count?: number): void {
    if (count === undefined) this.closed = false;
    for (const pass of this.waiting.splice(0, count ?? this.waiting.length)) pass();
  }

  /** Waits where it is closed, or in any case. */
  pass(always = false): Promise<void> {
    if (!this.closed && !always) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
