import { ProviderError, type ProviderErrorDetails } from '../provider-error.js';

import { FAILURE_RULES, restAfter } from './failure-rules.js';

const rest = (details: ProviderErrorDetails) => restAfter(new ProviderError('a', 'failed', details), 60_000);

describe('how long a provider rests', () => {
  it('obeys what it asks for, be that shorter or longer than the cooldown', () => {
    expect(rest({ reason: 'rate_limited', retryAfterMs: 7_000 })).toBe(7_000);
    expect(rest({ reason: 'rate_limited', retryAfterMs: 600_000 })).toBe(600_000);
    expect(rest({ reason: 'server_error', status: 503, retryAfterMs: 0 })).toBe(0);
  });

  it('is never shut out for more than a day', () => {
    expect(rest({ reason: 'rate_limited', retryAfterMs: 1e12 })).toBe(86_400_000);
  });

  it.each(['rate_limited', 'timeout', 'server_error', 'connection', 'rubbish'] as const)(
    'one cooldown after %s',
    (reason) => {
      expect(rest({ reason })).toBe(60_000);
    },
  );

  it('ten cooldowns where our key is refused', () => {
    expect(rest({ reason: 'auth', status: 401 })).toBe(600_000);
  });

  it("not at all for the caller's own fault, and nobody else is asked then", () => {
    for (const reason of ['bad_request', 'aborted'] as const) {
      expect(rest({ reason, retryAfterMs: 5_000 })).toBe(0);
      expect(FAILURE_RULES[reason].failover).toBe(false);
    }
    expect(rest({ reason: 'not_found' })).toBe(0);
    expect(FAILURE_RULES.not_found.failover).toBe(true);
  });
});
