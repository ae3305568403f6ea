import { type Caller } from '../domain/caller.js';
import { type Operation } from '../domain/operation.js';

import { type CallTerms } from './limit-resolver.js';

/** Whose call, when, and which. */
export interface TermsAsked {
  readonly caller: Caller;
  readonly atMs: number;
  readonly operation?: Operation | undefined;
}

interface Kept {
  readonly minute: number;
  readonly facts: readonly unknown[];
  readonly terms: CallTerms;
}

const MINUTE_MS = 60_000;
/** Callers past this many are resolved anew: a busy caller comes back soon enough. */
const MOST_KEPT = 5_000;

/**
 * What was resolved for callers lately. Good for a call of the same minute, since every window (an hour, a day or a month
 * in any zone) begins with one, and only while everything that it was resolved from is the very same object.
 */
export class RecentTerms {
  private readonly kept = new Map<string, Kept>();

  of(asked: TermsAsked, facts: readonly unknown[], resolve: () => CallTerms): CallTerms {
    const name = nameOf(asked);
    const minute = Math.floor(asked.atMs / MINUTE_MS);
    const known = this.kept.get(name);
    if (known?.minute === minute && isSame(known.facts, facts)) return known.terms;
    const terms = resolve();
    if (this.kept.size >= MOST_KEPT) this.kept.clear();
    this.kept.set(name, { minute, facts, terms });
    return terms;
  }
}

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  for (let index = 0; index < now.length; index++) if (before[index] !== now[index]) return false;
  return before.length === now.length;
}

function nameOf({ caller, operation }: TermsAsked): string {
  const { userId, apiKeyId, workspaceId, workflowId, sessionId } = caller;
  return `${userId}\0${apiKeyId}\0${workspaceId}\0${workflowId}\0${sessionId}\0${operation}`;
}
