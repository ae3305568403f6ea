import fc from 'fast-check';

import { apiKeyId, userId } from '../../../src/rate-limiting/domain/ids.js';
import { OPERATIONS } from '../../../src/rate-limiting/domain/operation.js';
import { type UsageEntry } from '../../../src/rate-limiting/domain/usage.js';
import { LedgerWriter } from '../../../src/rate-limiting/ledger/ledger-writer.js';
import { newReservationId } from '../../../src/rate-limiting/reservation-ids.js';

import { LedgerHarness, NOW_MS, usage } from './ledger-harness.js';

const DAYS = ['2026-10-31', '2026-11-01', '2026-11-30'];
const orNone = (prefix: string) =>
  fc.option(
    fc.nat(2).map((n) => `${prefix}${n}`),
    { nil: undefined },
  );

/** Few users, keys and models, so that batches of both writers meet in the same roll-up rows. */
const entries: fc.Arbitrary<UsageEntry> = fc
  .record({
    userId: orNone('u'),
    apiKeyId: orNone('k'),
    workspaceId: orNone('w'),
    workflowId: orNone('f'),
    operation: fc.constantFrom(...OPERATIONS),
    provider: fc.constantFrom('openai', 'gemini'),
    day: fc.constantFrom(...DAYS),
    localDay: fc.constantFrom(...DAYS),
    tokens: fc.nat(1_000_000),
    costNanoUsd: fc.nat(10 ** 12),
    operationCount: fc.nat(4),
    agoMs: fc.nat(40 * 86_400_000),
  })
  .map(({ userId: user, apiKeyId: key, workspaceId, workflowId, tokens, agoMs, ...rest }) =>
    usage({
      ...rest,
      id: newReservationId(NOW_MS - agoMs),
      caller: {
        ...(user === undefined ? {} : { userId: userId(user) }),
        ...(key === undefined ? {} : { apiKeyId: apiKeyId(key) }),
        ...(workspaceId === undefined ? {} : { workspaceId }),
        ...(workflowId === undefined ? {} : { workflowId }),
      },
      inputTokens: tokens,
      outputTokens: 5,
      totalTokens: tokens + 9,
    }),
  );

describe('the roll-ups', () => {
  let harness: LedgerHarness;
  beforeAll(async () => {
    harness = await LedgerHarness.start();
  });
  afterAll(() => harness.stop());

  it('are the sums of the ledger after any batches of two instances at once, some rows settled by both', async () => {
    const writers = [new LedgerWriter(harness.newStore()), new LedgerWriter(harness.newStore())] as const;
    const shares = fc.array(fc.tuple(entries, fc.constantFrom('first', 'second', 'both', 'twice')), {
      minLength: 1,
      maxLength: 300,
    });
    await fc.assert(
      fc.asyncProperty(shares, async (calls) => {
        const answers = calls.map(async ([entry, by]) => {
          const [first, second] = writers;
          const asked = { first: [first], second: [second], both: [second, first], twice: [first, first] }[
            by
          ];
          return Promise.all(asked.map((writer) => writer.record(entry)));
        });
        for (const answer of await Promise.all(answers)) {
          expect(answer.filter(({ fresh }) => fresh)).toHaveLength(1);
        }
        await expect(harness.disagreements()).resolves.toEqual([]);
      }),
      { seed: 20_261_121, numRuns: 40 },
    );
  });
});
