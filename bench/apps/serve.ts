/** What an application under load and the bench say to each other. */
export type FromApp =
  | { readonly kind: 'listens'; readonly url: string; readonly key?: string }
  | { readonly kind: 'cpu'; readonly microseconds: number };

/** Tells the bench where the application listens, and its CPU time whenever it is asked. */
export function tellBench(listens: { readonly url: string; readonly key?: string }): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell({ kind: 'cpu', microseconds: user + system });
  });
  tell({ kind: 'listens', ...listens });
}

/** A setting that the bench gave. */
export function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this application is started by the bench.`);
  return value;
}

function tell(message: FromApp): void {
  process.send?.(message);
}
