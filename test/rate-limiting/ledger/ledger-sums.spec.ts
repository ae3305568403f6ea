import { type SubjectKind } from '../../../src/rate-limiting/domain/caller.js';
import { apiKeyId, userId } from '../../../src/rate-limiting/domain/ids.js';
import { type CounterWindow } from '../../../src/rate-limiting/domain/limit.js';
import { dayAt, periodAt, type Schedule } from '../../../src/rate-limiting/domain/period.js';
import { rollingWindowsAt } from '../../../src/rate-limiting/domain/rolling.js';
import { MinuteStore } from '../../../src/rate-limiting/ledger/minute.store.js';
import { PostgresLedger } from '../../../src/rate-limiting/ledger/postgres.ledger.js';
import { LiveReservations } from '../../../src/rate-limiting/live-reservations.js';
import { UsageReportStore } from '../../../src/rate-limiting/ledger/usage-report.store.js';
import { newReservationId } from '../../../src/rate-limiting/reservation-ids.js';

import { LedgerHarness, usage } from './ledger-harness.js';

const QUOTA_ZONE = 'America/New_York';

function month(at: string, schedule: Schedule): CounterWindow {
  const { name, startsAtMs, endsAtMs } = periodAt(Date.parse(at), schedule);
  return { kind: 'month', name, startsAtMs, resetsAtMs: endsAtMs };
}

describe('what was used', () => {
  let harness: LedgerHarness;
  let ledger: PostgresLedger;
  let report: UsageReportStore;

  beforeAll(async () => {
    harness = await LedgerHarness.start();
    ledger = new PostgresLedger(harness.newPool(), new LiveReservations());
    report = new UsageReportStore(harness.newPool());
  });
  afterAll(() => harness.stop());

  const tokensOf = async (kind: SubjectKind, id: string, window: CounterWindow) =>
    (await ledger.usedIn({ kind, id }, window)).tokens;

  /** A call of `user`'s at an instant, charged as a reservation would be. */
  async function call(user: string, at: string, zone: string, tokens: number): Promise<void> {
    const atMs = Date.parse(at);
    await ledger.record(
      usage({
        id: newReservationId(atMs),
        caller: { userId: userId(user), apiKeyId: apiKeyId(`key of ${user}`) },
        totalTokens: tokens,
        day: dayAt(atMs, QUOTA_ZONE),
        localDay: dayAt(atMs, zone),
      }),
    );
  }

  it('sums every unit of a user’s month', async () => {
    const caller = { userId: userId('units') };
    await ledger.record(usage({ caller, operation: 'image_generation', operationCount: 4, totalTokens: 10 }));
    await ledger.record(usage({ caller, operation: 'image_generation', operationCount: 2, totalTokens: 1 }));
    await ledger.record(usage({ caller, operation: 'llm_call', provider: 'groq', totalTokens: 1_000 }));
    const window = month('2026-11-21T10:00:00Z', { billingDay: 1, timeZone: 'UTC' });
    await expect(ledger.usedIn({ kind: 'user', id: 'units' }, window)).resolves.toEqual({
      tokens: 1_011,
      calls: 3,
      cost: 4_500,
      image_generation: 6,
      llm_call: 1,
    });
    await expect(ledger.usedIn({ kind: 'user', id: 'nobody' }, window)).resolves.toEqual({
      tokens: 0,
      calls: 0,
      cost: 0,
    });
  });

  it.each([
    ['Pacific/Kiritimati', 1],
    ['Etc/GMT+12', 1],
    ['Europe/Madrid', 31],
    ['America/Santiago', 15],
    ['Australia/Lord_Howe', 4],
  ])(
    'G6: has the first and the last millisecond of a month in %s from day %d, and no other',
    async (timeZone, billingDay) => {
      const user = `user in ${timeZone}`;
      const windows = ['2026-02-10', '2026-03-30', '2026-04-10', '2026-10-20'].map((day) =>
        month(`${day}T12:00:00Z`, { billingDay, timeZone }),
      );
      let tokens = 1;
      for (const { startsAtMs, resetsAtMs } of windows) {
        for (const atMs of [startsAtMs - 1, startsAtMs, resetsAtMs - 1, resetsAtMs]) {
          await call(user, new Date(atMs).toISOString(), timeZone, tokens);
          tokens *= 2;
        }
      }
      for (const window of windows) {
        const inside = await harness.ask<{ tokens: number }>(
          `SELECT sum(total_tokens) AS tokens FROM token_usage WHERE user_id = '${user}'
         AND created_at >= to_timestamp(${window.startsAtMs / 1000}) AND created_at < to_timestamp(${window.resetsAtMs / 1000})`,
        );
        await expect(tokensOf('user', user, window)).resolves.toBe(inside[0]?.tokens);
        await expect(tokensOf('apiKey', `key of ${user}`, window)).resolves.toBe(inside[0]?.tokens);
      }
    },
  );

  it('counts rolling windows in whole days of QUOTA_TIMEZONE, for workspaces, workflows and users', async () => {
    const caller = { userId: userId('roller'), workspaceId: 'ws', workflowId: 'wf' };
    for (const [day, totalTokens] of [
      ['2026-10-22', 1],
      ['2026-10-23', 2],
      ['2026-11-21', 4],
      ['2026-11-22', 8],
    ] as const) {
      await ledger.record(usage({ caller, day, localDay: '2026-11-21', totalTokens }));
    }
    for (const other of [
      { userId: userId('roller'), workflowId: 'wf' },
      { userId: userId('another'), workflowId: 'wf' },
      { userId: userId('another'), workspaceId: 'ws2', workflowId: 'wf' },
    ]) {
      await ledger.record(
        usage({ caller: other, day: '2026-11-21', localDay: '2026-11-21', totalTokens: 16 }),
      );
    }
    const span = { days: 30, timeZone: QUOTA_ZONE };
    const { current: window, next } = rollingWindowsAt(Date.parse('2026-11-22T03:00:00Z'), span);
    expect(window.name).toBe('r30:2026-11-21');
    const [inWorkspace, inUser] = ['workspace:ws:wf', 'user:roller:wf'];
    await expect(tokensOf('workspace', 'ws', window)).resolves.toBe(6);
    await expect(tokensOf('workflow', inWorkspace, window)).resolves.toBe(6);
    await expect(tokensOf('workflow', inUser, window)).resolves.toBe(16);
    await expect(tokensOf('user', 'roller', window)).resolves.toBe(22);
    await expect(tokensOf('workspace', 'ws', next)).resolves.toBe(12);
    await expect(ledger.tokensByDay({ kind: 'workflow', id: inWorkspace }, window)).resolves.toEqual([
      { day: '2026-10-23', amount: 2 },
      { day: '2026-11-21', amount: 4 },
    ]);
  });

  it('counts a session, and an hour of all, by instants', async () => {
    const startsAtMs = Date.parse('2026-11-03T08:00:00Z');
    const window = { kind: 'hour', name: '2026-11-03T08', startsAtMs, resetsAtMs: startsAtMs + 3_600_000 };
    for (const [sessionId, afterMs, totalTokens] of [
      ['s1', -1, 1],
      ['s1', 0, 2],
      ['s2', 5, 4],
      ['s1', 3_599_999, 8],
      ['s1', 3_600_000, 16],
    ] as const) {
      await ledger.record(
        usage({ id: newReservationId(startsAtMs + afterMs), caller: { sessionId }, totalTokens }),
      );
    }
    await expect(tokensOf('session', 's1', window)).resolves.toBe(10);
    await expect(ledger.usedIn({ kind: 'system', id: 'all' }, window)).resolves.toEqual({ cost: 3 * 1_500 });
  });

  it('G6: counts what all spent from any instant on, to the millisecond, also when old minutes were put together', async () => {
    const sinceMs = Date.parse('2025-08-03T08:20:30.500Z');
    for (const [afterMs, costNanoUsd] of [
      [-1, 1],
      [0, 2],
      [29_499, 4],
      [29_500, 8],
      [3_600_000, 16],
      [3_700_000, 32],
      [5 * 86_400_000, 64],
    ] as const) {
      await ledger.record(usage({ id: newReservationId(sinceMs + afterMs), costNanoUsd }));
    }
    const everybody = { kind: 'system', id: 'all' } as const;
    const until = Date.parse('2025-08-10T00:00:00Z');
    const costFrom = async (startsAtMs: number, resetsAtMs = until) =>
      (await ledger.usedIn(everybody, { kind: 'breaker', name: 'b', startsAtMs, resetsAtMs })).cost;
    const minutes = () =>
      harness.ask<{ minute: string; cost: number }>(
        `SELECT to_char(minute AT TIME ZONE 'UTC', 'DD HH24:MI') AS minute, sum(cost_nano_usd)::bigint AS cost
         FROM usage_by_minute WHERE minute >= '2025-08-03' AND minute < '2025-08-10' GROUP BY 1 ORDER BY 1`,
      );
    expect([await costFrom(sinceMs), await costFrom(sinceMs + 1), await costFrom(sinceMs - 1)]).toEqual([
      126, 124, 127,
    ]);
    expect(await costFrom(Date.parse('2025-08-03T08:00:00Z'), Date.parse('2025-08-03T09:00:00Z'))).toBe(15);

    const store = new MinuteStore(harness.newPool());
    await harness.ask(`UPDATE circuit_breaker SET since = '2025-08-03T08:20:30.5Z'`);
    await store.forget(Date.parse('2025-08-10T00:00:00Z'));
    await store.forget(Date.parse('2025-08-10T00:00:00Z'));
    expect(await minutes()).toEqual([
      { minute: '03 08:20', cost: 7 },
      { minute: '03 08:21', cost: 8 },
      { minute: '03 09:00', cost: 48 },
      { minute: '08 08:20', cost: 64 },
    ]);
    expect(await costFrom(sinceMs)).toBe(126);

    await harness.ask(`UPDATE circuit_breaker SET since = '2025-08-08T08:00:00Z'`);
    await store.forget(Date.parse('2025-08-10T00:00:00Z'));
    expect(await minutes()).toEqual([{ minute: '08 08:20', cost: 64 }]);
  });

  it('reads one user’s month by index, whoever else there is', async () => {
    const plan = await harness.ask<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT 1 FROM usage_daily WHERE user_id = 'u' AND local_day >= '2026-11-01' AND local_day < '2026-12-01'
       AND day >= '2026-10-30' AND day < '2026-12-03'`,
    );
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('usage_daily_key');
  });

  it('gives totals by operation and by provider, of a user, a key, or a user’s share of a key', async () => {
    const [ada, bob, shared] = [userId('t-ada'), userId('t-bob'), apiKeyId('t-shared')];
    const day = '2026-11-05';
    const on = (localDay: string) => ({ day, localDay });
    await ledger.record(usage({ caller: { userId: ada }, ...on('2026-11-01') }));
    await ledger.record(
      usage({ caller: { userId: ada, apiKeyId: shared }, provider: 'gemini', ...on('2026-11-30') }),
    );
    await ledger.record(usage({ caller: { userId: ada }, operation: 'embedding', ...on(day) }));
    await ledger.record(usage({ caller: { userId: bob, apiKeyId: shared }, ...on(day) }));
    await ledger.record(usage({ caller: { userId: ada }, day: '2026-12-01', localDay: '2026-12-01' }));
    const one = { calls: 1, inputTokens: 70, outputTokens: 30, totalTokens: 100, costNanoUsd: 1_500 };
    const two = { calls: 2, inputTokens: 140, outputTokens: 60, totalTokens: 200, costNanoUsd: 3_000 };
    const totals = (owner: Parameters<UsageReportStore['totalsOf']>[0]) =>
      report.totalsOf(owner, '2026-11-01', '2026-12-01');
    await expect(totals({ userId: ada })).resolves.toEqual({
      byOperation: [
        { operation: 'embedding', ...one },
        { operation: 'llm_call', ...two },
      ],
      byProvider: [
        { provider: 'gemini', ...one },
        { provider: 'openai', ...two },
      ],
    });
    await expect(totals({ apiKeyId: shared })).resolves.toMatchObject({ byOperation: [two] });
    await expect(totals({ userId: ada, apiKeyId: shared })).resolves.toMatchObject({
      byProvider: [{ provider: 'gemini', ...one }],
    });
    await expect(totals({ userId: userId('t-nobody') })).resolves.toEqual({
      byOperation: [],
      byProvider: [],
    });
  });
});
