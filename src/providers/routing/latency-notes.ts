import { type LatencyNote, type ProviderStates } from './provider-states.js';

interface Gathered {
  sumMs: number;
  count: number;
}

/** Writes latencies down as they gather while the note before is written: one write at a time, however many calls. */
export class LatencyNotes {
  private readonly gathered = new Map<string, Gathered>();
  private readonly writing = new Set<string>();

  /** @param onFailure is told where a note could not be written; it is lost. */
  constructor(
    private readonly states: ProviderStates,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  add(provider: string, measure: string, ms: number): void {
    const key = JSON.stringify([provider, measure]);
    const { sumMs, count } = this.gathered.get(key) ?? { sumMs: 0, count: 0 };
    this.gathered.set(key, { sumMs: sumMs + ms, count: count + 1 });
    if (!this.writing.has(key)) void this.write(key, provider, measure);
  }

  private async write(key: string, provider: string, measure: string): Promise<void> {
    this.writing.add(key);
    try {
      for (let note = this.take(key, measure); note; note = this.take(key, measure)) {
        await this.states.noteLatency(provider, note);
      }
    } catch (error) {
      this.onFailure(error);
    } finally {
      this.writing.delete(key);
    }
  }

  private take(key: string, measure: string): LatencyNote | undefined {
    const gathered = this.gathered.get(key);
    this.gathered.delete(key);
    return gathered && { measure, meanMs: gathered.sumMs / gathered.count, count: gathered.count };
  }
}
