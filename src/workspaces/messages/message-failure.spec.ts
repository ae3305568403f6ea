import { CodedError } from '../../errors.js';
import { LimitExceeded, type LimitState } from '../../rate-limiting/index.js';

import { faultOf, type Patience, stepAfter } from './message-failure.js';

const PATIENCE: Patience = { attempts: 1, maxAttempts: 5, retryDelayMs: 1_000, tooOld: false };

const exhausted = (...reasons: string[]) =>
  new CodedError('providers_exhausted', 'Nobody.', {
    retryAfterMs: 7_000,
    attempts: reasons.map((reason) => ({ provider: 'a', status: null, reason })),
  });

const limit = (used: number, reserved: number): LimitState => ({
  ...{ name: 'user.month.tokens', subject: { kind: 'user', id: 'u' }, unit: 'tokens', max: 100 },
  ...{ enforcement: 'hard', used, reserved },
  window: { kind: 'month', name: '2026-11-01', startsAtMs: 0, resetsAtMs: 1_000_000_000 },
});

const denied = (retryAfterMs: number, ...limits: LimitState[]) =>
  new LimitExceeded({ kind: 'denied', limits, retryAfterMs });

describe('what is done with a message whose run came to nothing', () => {
  it.each(['validation_failed', 'not_found', 'forbidden'] as const)(
    '%s will be no better next time',
    (code) => {
      expect(stepAfter(new CodedError(code, 'No.'), PATIENCE)).toMatchObject({
        kind: 'fail',
        fault: { code },
      });
    },
  );

  it.each(['provider_failed', 'provider_timeout'] as const)(
    '%s was a try, and waits longer each time',
    (code) => {
      const after = (attempts: number) => stepAfter(new CodedError(code, 'No.'), { ...PATIENCE, attempts });
      expect([1, 2, 3, 4].map(after)).toMatchObject(
        [1_000, 2_000, 4_000, 8_000].map((waitMs) => ({ kind: 'retry', waitMs })),
      );
      expect(after(5)).toMatchObject({ kind: 'fail', fault: { code } });
    },
  );

  it('never waits longer than a minute', () => {
    const patience = { ...PATIENCE, attempts: 50, maxAttempts: 100 };
    expect(stepAfter(new CodedError('provider_failed', 'No.'), patience)).toMatchObject({ waitMs: 60_000 });
  });

  it('waits its turn while all are resting or without permits: that was no try', () => {
    const last = { ...PATIENCE, attempts: 5 };
    expect(stepAfter(exhausted('no_permits', 'cooling_down'), last)).toMatchObject({
      kind: 'wait',
      waitMs: 7_000,
    });
    for (const reason of ['rate_limited', 'key_unreadable'])
      expect(stepAfter(exhausted(reason), last)).toMatchObject({ kind: 'wait' });
    expect(stepAfter(new CodedError('store_unavailable', 'Away.'), last)).toMatchObject({
      kind: 'wait',
      waitMs: 250,
    });
    expect(stepAfter(exhausted('no_permits', 'server_error'), last)).toMatchObject({ kind: 'fail' });
    expect(stepAfter(exhausted('no_permits', 'server_error'), PATIENCE)).toMatchObject({ kind: 'retry' });
  });

  it('does not wait for ever', () => {
    const old = { ...PATIENCE, attempts: 5, tooOld: true };
    expect(stepAfter(exhausted('no_permits'), old)).toMatchObject({ kind: 'fail' });
    expect(stepAfter(denied(1, limit(50, 60)), old)).toMatchObject({ kind: 'fail' });
  });

  it('a stop of ours is nobody’s fault, and costs no time', () => {
    const stopped = new CodedError('client_closed_request', 'Stopped.');
    expect(stepAfter(stopped, { ...PATIENCE, attempts: 5 })).toMatchObject({ kind: 'wait', waitMs: 0 });
  });

  it('G13: a denial fails at once and names its limits', () => {
    const step = stepAfter(denied(86_400_000, limit(100, 0)), PATIENCE);
    expect(step).toMatchObject({ kind: 'fail', fault: { code: 'quota_exceeded' } });
    expect(step.fault.limits).toMatchObject([{ name: 'user.month.tokens', max: 100, used: 100 }]);
  });

  it('a denial waits while calls in flight hold what they may give back, and where room returns within a minute', () => {
    expect(stepAfter(denied(86_400_000, limit(50, 50)), PATIENCE)).toMatchObject({
      kind: 'wait',
      waitMs: 1_000,
    });
    expect(stepAfter(denied(86_400_000, limit(50, 50), limit(100, 0)), PATIENCE)).toMatchObject({
      kind: 'fail',
    });
    expect(stepAfter(denied(30_000, limit(100, 0)), PATIENCE)).toMatchObject({
      kind: 'wait',
      waitMs: 30_000,
    });
  });

  it('what a provider has said is told as Postgres can hold it', () => {
    const { message } = faultOf(new CodedError('validation_failed', 'a\0b\ud800c\u{1f600}'));
    expect(message).toBe('a\ufffdb\ufffdc\u{1f600}');
  });

  it('a fault of ours tells nothing of itself', () => {
    expect(faultOf(new Error('password=hunter2'))).toEqual({
      code: 'internal_error',
      message: expect.not.stringContaining('hunter2') as string,
    });
    expect(stepAfter(new TypeError('x'), PATIENCE)).toMatchObject({ kind: 'retry' });
  });
});
