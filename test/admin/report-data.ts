import { type UsageEntry } from '../../src/rate-limiting/domain/usage.js';
import { apiKeyId, userId } from '../../src/rate-limiting/domain/ids.js';
import { Ledger, newReservationId, OPERATIONS } from '../../src/rate-limiting/index.js';
import { type Harness, type TestUser } from '../support/harness.js';

const DAYS = [
  '2025-11-30',
  '2026-09-30',
  '2026-10-01',
  '2026-10-31',
  '2026-11-01',
  '2026-11-15',
  '2026-11-30',
];
const WORKFLOWS = ['=HYPERLINK("http://evil")', 'a, "quoted" one', '-7', 'plain', undefined, undefined];

/** A finished call; what a test does not care about is filled in. */
export function call(user: TestUser | undefined, over: Partial<UsageEntry> = {}): UsageEntry {
  const day = over.day ?? '2026-11-10';
  return {
    id: newReservationId(Date.parse(`${day}T10:00:00Z`)),
    caller: user ? { userId: userId(user.id), apiKeyId: apiKeyId(user.keyId) } : {},
    operation: 'llm_call',
    provider: 'openai',
    model: 'gpt-4o-mini',
    inputTokens: 70,
    outputTokens: 30,
    totalTokens: 100,
    calls: 1,
    operationCount: 1,
    costNanoUsd: 1_500,
    status: 'settled',
    estimated: false,
    softExceeded: false,
    metadata: {},
    estimatedTokens: 120,
    latencyMs: 40,
    day,
    localDay: day,
    ...over,
  };
}

/** Calls of everybody, of nobody, with and without every key; the same ones each time. */
export async function fillLedger({ app }: Harness, users: readonly TestUser[]): Promise<void> {
  const ledger = app.get(Ledger);
  const draw = drawer();
  const entries = Array.from({ length: 400 }, () => {
    const user = draw([...users, undefined]);
    const entry = call(user, {
      operation: draw(OPERATIONS),
      provider: draw(['openai', 'gemini', 'groq']),
      model: draw(['small', 'large', '@odd']),
      day: draw(DAYS),
      inputTokens: draw([0, 7, 1_000]),
      outputTokens: draw([0, 3]),
      costNanoUsd: draw([0, 1, 123_456_789, 2_000_000_000]),
    });
    const workspaceId = draw(['ws-1', 'ws-2', undefined]);
    const workflowId = draw(WORKFLOWS);
    const caller = {
      ...(draw([true, true, false]) ? entry.caller : user ? { userId: userId(user.id) } : {}),
      ...(workspaceId && { workspaceId }),
      ...(workflowId && { workflowId }),
    };
    return { ...entry, caller, totalTokens: entry.inputTokens + entry.outputTokens };
  });
  await Promise.all(entries.map((entry) => ledger.record(entry)));
}

/** Draws from lists, in the same order in every run. */
function drawer(): <T>(from: readonly [T, ...T[]] | readonly T[]) => T {
  let seed = 42;
  return (from) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const drawn = from[Math.floor((seed / 2_147_483_648) * from.length)];
    return drawn as (typeof from)[number];
  };
}

/** The fields of a CSV text, line by line (RFC 4180). */
export function csvFields(text: string): string[][] {
  const lines: string[][] = [];
  const line: string[] = [];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/g)) {
    line.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') lines.push(line.splice(0));
  }
  return lines;
}
