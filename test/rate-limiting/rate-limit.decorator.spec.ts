import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Global, Injectable, Module, Scope } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';

import { ConfigModule, readSettings } from '../../src/config/index.js';
import { DatabaseModule } from '../../src/database/index.js';
import { RateLimitBinder } from '../../src/rate-limiting/rate-limit.binder.js';
import {
  type Caller,
  currentCallContext,
  FrozenClock,
  LimitExceeded,
  NO_LIMITS,
  PlanDirectory,
  type PlanTerms,
  RateLimit,
  RateLimitingModule,
  RateLimitingService,
  Sweeper,
  runInCallContext,
  userId,
} from '../../src/rate-limiting/index.js';
import { LedgerReader } from '../support/ledger-reader.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const TTL_MS = 60_000;

/** Every user may make three calls a month. */
@Injectable()
class ThreeCalls extends PlanDirectory {
  termsOf(): Promise<PlanTerms> {
    return Promise.resolve({
      planId: 'three',
      limits: { ...NO_LIMITS, monthlyCallLimit: 3, monthlyTokenLimit: 1_000 },
      maxOutputTokens: null,
      quotaWindow: 'calendar',
      schedule: { billingDay: 1, timeZone: 'UTC' },
    });
  }
}

@Global()
@Module({ providers: [{ provide: PlanDirectory, useClass: ThreeCalls }], exports: [PlanDirectory] })
class PlansModule {}

interface Video {
  readonly owner: string;
  readonly seconds: number;
}

@Injectable()
class VideoService {
  made = 0;

  @RateLimit({
    operation: 'video_generation',
    provider: 'heygen',
    subject: (video: Video) => ({ userId: userId(video.owner) }),
    actual: (id: string) => ({ resourceId: id, metadata: { via: 'test' } }),
  })
  async generate(video: Video): Promise<string> {
    await nextTurn();
    if (video.seconds < 0) throw new Error('no such length');
    return `video-${++this.made}`;
  }

  @RateLimit({
    operation: 'llm_call',
    estimate: (text: string) => ({ inputTokens: text.length, model: 'm' }),
  })
  shout(text: string): string {
    return text.toUpperCase();
  }

  @RateLimit({
    operation: 'llm_call',
    estimate: () => ({ inputTokens: 10, output: { max: 100, min: 1, choices: 1 } }),
    actual: (word: { soFar: number }) => ({ inputTokens: 10, outputTokens: word.soFar }),
  })
  async *tell(words: number): AsyncGenerator<{ soFar: number; cap: number | undefined }> {
    for (let soFar = 1; soFar <= words; soFar++) {
      await nextTurn();
      yield { soFar, cap: currentCallContext()?.reservation?.grantedOutputTokens };
    }
  }

  /** Its `actual` is at fault. */
  @RateLimit({
    operation: 'llm_call',
    estimate: () => ({ inputTokens: 7 }),
    actual: (): never => {
      throw new Error('no such field');
    },
  })
  miscounted(text: string): string {
    return text;
  }

  /** Tells what it used by a function, which is at fault. */
  @RateLimit({
    operation: 'llm_call',
    estimate: () => ({ inputTokens: 10, output: { max: 100, min: 1, choices: 1 } }),
    actual: () => () => {
      throw new Error('no such field');
    },
  })
  async *miscountedStream(): AsyncGenerator<string> {
    await nextTurn();
    yield 'one';
    yield 'two';
  }

  /** A stream that is at hand before anybody reads it. */
  @RateLimit({
    operation: 'llm_call',
    estimate: () => ({ inputTokens: 10, output: { max: 100, min: 1, choices: 1 } }),
    actual: (word: { soFar: number }) => ({ inputTokens: 10, outputTokens: word.soFar }),
  })
  open(words: number): Promise<AsyncIterable<{ soFar: number }>> {
    return Promise.resolve(counting(words));
  }

  /** Guarded from inside too. */
  shoutTwice(text: string): Promise<string> {
    return Promise.resolve(this.shout(text));
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  const reader = stream[Symbol.asyncIterator]();
  while ((await reader.next()).done !== true);
}

async function* counting(words: number) {
  for (let soFar = 1; soFar <= words; soFar++) yield await Promise.resolve({ soFar });
}

describe('@RateLimit', () => {
  let postgres: TestPostgres;
  let dataDir: string;
  let moduleRef: TestingModule;
  let videos: VideoService;
  let ledger: LedgerReader;
  let users = 0;
  const clock = new FrozenClock(Date.parse('2026-11-21T12:00:00Z'));

  beforeAll(async () => {
    postgres = await startPostgres();
    dataDir = mkdtempSync(join(tmpdir(), 'cuota-decorator-'));
    moduleRef = await appWith([VideoService]).compile();
    await moduleRef.init();
    videos = moduleRef.get(VideoService);
    ledger = await LedgerReader.open(postgres.url);
  });

  afterAll(async () => {
    await ledger.close();
    await moduleRef.close();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  function appWith(providers: (new () => unknown)[]) {
    const read = readSettings({ DATABASE_URL: postgres.url, DATA_DIR: dataDir });
    if ('faults' in read) throw new Error(read.faults.join());
    const options = {
      enabled: true,
      storeFailure: 'closed',
      reservationTtlMs: TTL_MS,
      timeZone: 'UTC',
    } as const;
    @Module({
      imports: [
        ConfigModule.forRoot(read.settings),
        DatabaseModule,
        RateLimitingModule.forRoot(options, clock),
        PlansModule,
      ],
      providers,
    })
    class App {}
    return Test.createTestingModule({ imports: [App] });
  }

  const newCaller = (): Caller & { readonly userId: string } => ({ userId: userId(`someone-${++users}`) });
  const as = <T>(caller: Caller, work: () => T): T => runInCallContext({ caller }, work);
  const used = async (caller: Caller) => {
    const states = await moduleRef.get(RateLimitingService).getCurrentUsage(caller);
    return Object.fromEntries(states.map(({ unit, used: amount, reserved }) => [unit, [amount, reserved]]));
  };

  it('charges the subject that its selector names, and writes what the method tells', async () => {
    const { userId: owner } = newCaller();
    expect(await videos.generate({ owner, seconds: 5 })).toMatch(/^video-/);
    expect(await ledger.rows(owner)).toMatchObject([
      {
        operation: 'video_generation',
        provider: 'heygen',
        resource_id: 'video-1',
        metadata: { via: 'test' },
      },
    ]);
  });

  it('charges the current caller, through everything it awaits', async () => {
    const caller = newCaller();
    const said = await as(caller, async () => {
      await nextTurn();
      return videos.shoutTwice('hello');
    });
    expect(said).toBe('HELLO');
    expect(await used(caller)).toMatchObject({ calls: [1, 0], tokens: [5, 0], llm_call: [1, 0] });
  });

  it('keeps callers apart that run at the same time', async () => {
    const callers = [newCaller(), newCaller()];
    await Promise.all(callers.map((caller) => as(caller, () => videos.shoutTwice('abc'))));
    for (const caller of callers) expect(await used(caller)).toMatchObject({ calls: [1, 0] });
  });

  it('refuses with no caller at all', async () => {
    await expect(videos.shoutTwice('hello')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('G1: denies the fourth of three calls, without running it', async () => {
    const { userId: owner } = newCaller();
    const before = videos.made;
    const calls = Array.from({ length: 10 }, () => videos.generate({ owner, seconds: 5 }));
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(videos.made - before).toBe(3);
    await expect(videos.generate({ owner, seconds: 5 })).rejects.toThrow(LimitExceeded);
  });

  it('G11: releases on error', async () => {
    const caller = newCaller();
    await expect(videos.generate({ owner: caller.userId, seconds: -1 })).rejects.toThrow('no such length');
    expect(await ledger.rows(caller.userId)).toEqual([]);
    expect(await used(caller)).toMatchObject({ calls: [0, 0], video_generation: [0, 0] });
  });

  it('settles a stream when it ends, and tells it the cap that was granted', async () => {
    const caller = newCaller();
    const caps = await as(caller, async () => {
      const seen: unknown[] = [];
      for await (const { cap } of videos.tell(5)) seen.push(cap);
      return seen;
    });
    expect(caps).toEqual([100, 100, 100, 100, 100]);
    expect(await used(caller)).toMatchObject({ tokens: [15, 0], calls: [1, 0] });
  });

  it('G11: settles a stream that is left by what was sent', async () => {
    const caller = newCaller();
    await as(caller, async () => {
      for await (const { soFar } of videos.tell(50)) if (soFar === 3) break;
    });
    expect(await used(caller)).toMatchObject({ tokens: [13, 0] });
  });

  it('G11: an `actual` that throws costs the estimate, not the answer, and holds nothing', async () => {
    const caller = newCaller();
    const answer = as(caller, () => Promise.resolve(videos.miscounted('hello')));
    expect(await answer).toBe('hello');
    expect(await used(caller)).toMatchObject({ tokens: [7, 0], calls: [1, 0] });
    expect(await ledger.rows(caller.userId)).toMatchObject([{ status: 'settled', estimated: true }]);
  });

  it('G11: a stream whose `actual` throws costs the estimate, and is delivered whole', async () => {
    const caller = newCaller();
    const read = await as(caller, async () => {
      const items: string[] = [];
      for await (const item of videos.miscountedStream()) items.push(item);
      return items;
    });
    expect(read).toEqual(['one', 'two']);
    expect(await used(caller)).toMatchObject({ tokens: [110, 0], calls: [1, 0] });
    expect(await ledger.rows(caller.userId)).toMatchObject([{ estimated: true }]);
  });

  it('G11: a stream whose `actual` throws and that is left is not free', async () => {
    const caller = newCaller();
    await as(caller, async () => {
      for await (const item of videos.miscountedStream()) if (item === 'one') break;
    });
    expect(await used(caller)).toMatchObject({ tokens: [110, 0], calls: [1, 0] });
  });

  it('G4: a stream that is never read nor left holds nothing past its deadline, and costs nothing', async () => {
    const caller = newCaller();
    const stream = await as(caller, () => videos.open(5));
    clock.advance(TTL_MS - 1);
    await moduleRef.get(Sweeper).sweep();
    expect(await used(caller)).toMatchObject({ tokens: [0, 110], calls: [0, 1] });
    clock.advance(1);
    await moduleRef.get(Sweeper).sweep();
    await until('it is ended', async () => (await used(caller)).calls?.[1] === 0);
    expect(await used(caller)).toMatchObject({ tokens: [0, 0], calls: [0, 0] });
    await expect(readAll(stream)).rejects.toThrow('was not read');
  });

  it('G4: a stream that is read in part and then forgotten costs what was read', async () => {
    const caller = newCaller();
    const stream = await as(caller, () => videos.open(50));
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    clock.advance(TTL_MS);
    await moduleRef.get(Sweeper).sweep();
    await reader.next();
    clock.advance(TTL_MS);
    await moduleRef.get(Sweeper).sweep();
    expect(await used(caller)).toMatchObject({ tokens: [0, 110] });
    clock.advance(TTL_MS);
    await moduleRef.get(Sweeper).sweep();
    await until('it is ended', async () => (await used(caller)).calls?.[1] === 0);
    expect(await used(caller)).toMatchObject({ tokens: [12, 0], calls: [1, 0] });
    await expect(reader.next()).rejects.toThrow('was not read');
  });

  it('G1: the last tokens of a quota are granted as a shorter answer', async () => {
    const caller = newCaller();
    await moduleRef.get(RateLimitingService).recordUsage({
      caller,
      operation: 'llm_call',
      usage: {
        provider: 'p',
        model: 'm',
        inputTokens: 960,
        outputTokens: 0,
        costNanoUsd: 0,
        estimated: false,
      },
    });
    const caps = await as(caller, async () => {
      for await (const { cap } of videos.tell(1)) return cap;
      return undefined;
    });
    expect(caps).toBe(30);
  });

  it('checks without holding anything', async () => {
    const caller = newCaller();
    const service = moduleRef.get(RateLimitingService);
    const ask = (calls: number) => service.checkLimit({ ...caller, operation: 'llm_call', calls });
    expect([(await ask(3)).allowed, (await ask(4)).allowed]).toEqual([true, false]);
    expect((await service.checkLimit({ caller, operation: 'llm_call', tokens: 1_001 })).allowed).toBe(false);
    expect(await used(caller)).toMatchObject({ calls: [0, 0] });
  });

  it('tells the use of a period that is named, and of the one that runs where none is', async () => {
    const caller = newCaller();
    await videos.generate({ owner: caller.userId, seconds: 5 });
    const service = moduleRef.get(RateLimitingService);
    const callsIn = async (period?: string) =>
      (await service.getCurrentUsage({ ...caller, period })).find(({ unit }) => unit === 'calls')?.used;
    const month = new Date(clock.now()).toISOString().slice(0, 7);
    expect([await callsIn(), await callsIn(month), await callsIn('2020-01')]).toEqual([1, 1, 0]);
    await expect(callsIn('soon')).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it('G3: settles once, however often that is asked, and never after a release', async () => {
    const caller = newCaller();
    const service = moduleRef.get(RateLimitingService);
    const estimate = {
      inputTokens: 5,
      baseCostNanoUsd: 0,
      outputCostNanoUsd: 0,
      priced: true,
      count: 1,
      provider: 'p',
      model: 'm',
    };
    const usage = {
      provider: 'p',
      model: 'm',
      inputTokens: 4,
      outputTokens: 0,
      costNanoUsd: 0,
      estimated: false,
    };
    const outcome = await service.reserve({ caller, operation: 'llm_call', estimate });
    if (outcome.kind === 'denied') throw new Error('denied');
    const { id } = outcome.reservation;
    await Promise.all([service.settle(id, usage), service.settle(id, usage)]);
    await service.settle(id, usage);
    await service.release(id);
    expect(await ledger.rows(caller.userId)).toHaveLength(1);
    expect(await used(caller)).toMatchObject({ tokens: [4, 0], calls: [1, 0] });

    const other = await service.reserve({ caller, operation: 'llm_call', estimate });
    if (other.kind === 'denied') throw new Error('denied');
    await service.release(other.reservation.id);
    await expect(service.settle(other.reservation.id, usage)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('does not start where a decorated method cannot be bound', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @RateLimit({ operation: 'llm_call' })
      run(): string {
        return 'unguarded';
      }
    }
    const broken = await Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [
        RateLimitBinder,
        { provide: RateLimitingService, useValue: moduleRef.get(RateLimitingService) },
        VideoService,
        PerRequest,
      ],
    }).compile();
    await expect(broken.init()).rejects.toThrow('@RateLimit cannot guard PerRequest.run');
  });
});
