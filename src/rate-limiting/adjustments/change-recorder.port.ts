import { type EntityManager } from 'typeorm';

/** Who makes a change of quotas, and why. */
export interface QuotaChangeContext {
  /** `id` is `null` where no user acts, such as on the command line. */
  readonly actor: { readonly id: string | null; readonly label: string };
  readonly reason?: string | undefined;
}

/** A change that is being made: all it writes, logs and announces is there together, or not at all. */
export interface OpenQuotaChange {
  readonly manager: EntityManager;
  record(entry: {
    readonly action: string;
    readonly subject: { readonly kind: string; readonly id: string };
    readonly before?: object | null;
    readonly after?: object | null;
  }): Promise<void>;
  announce(kind: string, id: string): Promise<void>;
}

/** Who keeps the log of changes: the identity module here, the host's own in another application. */
export abstract class ChangeRecorder {
  /** Runs `work` in a transaction that holds its rows, their entry in the log and the notice to other instances. */
  abstract run<T>(context: QuotaChangeContext, work: (change: OpenQuotaChange) => Promise<T>): Promise<T>;
}

/** The host's ChangeRecorder, or one without a log where it has none. */
export const LOGGED_CHANGES = Symbol('LOGGED_CHANGES');
