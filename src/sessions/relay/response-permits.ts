import { CodedError } from '../../errors.js';
import { type Candidate, type ProviderPermits } from '../../providers/index.js';

/**
 * The permits that a session's responses take, of the rate of its provider or of the workspace's own key there: one each,
 * the first with the one that its connection took.
 */
export class ResponsePermits {
  private connection = 1;
  private readonly over = new AbortController();

  /** @param waitMs how long a response waits for its permit at most. */
  constructor(
    private readonly permits: Pick<ProviderPermits, 'acquire'>,
    private readonly of: Pick<Candidate, 'provider' | 'ownKey'>,
    private readonly waitMs: number,
  ) {}

  /**
   * For a response that is to be asked for; waits for its permit.
   * @throws CodedError `providers_exhausted` where that would be for too long, `store_unavailable`.
   */
  async take(): Promise<void> {
    const outcome = await this.acquire(this.waitMs);
    if (outcome.kind === 'acquired') return;
    const { name } = this.of.provider;
    throw new CodedError(
      'providers_exhausted',
      `The provider ${name} may not be asked so often. Nothing was charged for this response; ask again later.`,
      {
        attempts: [{ provider: name, status: null, reason: 'no_permits' }],
        retryAfterMs: outcome.retryAfterMs,
      },
    );
  }

  /** For one that the provider began by itself: nothing holds it back, and what is there is taken all the same. */
  async note(): Promise<void> {
    await this.acquire(0).catch(() => undefined);
  }

  /** Nobody waits any more. */
  end(): void {
    this.over.abort();
  }

  private acquire(timeoutMs: number): ReturnType<ProviderPermits['acquire']> {
    if (this.connection > 0) {
      this.connection--;
      return Promise.resolve({ kind: 'acquired', waitedMs: 0 });
    }
    const { provider, ownKey } = this.of;
    return this.permits.acquire({ provider: provider.name, ownKey, timeoutMs, signal: this.over.signal });
  }
}
