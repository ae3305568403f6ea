import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { type KeepInput } from '../../src/media/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

import { type MediaApp, startMediaApp } from './media-app.js';
import { png } from './media-files.js';

const DAY_MS = 24 * 3_600_000;
const PICTURE = png({ width: 12, height: 7 });
const FIRST_CALL = '019aa6b8-0000-7000-8000-000000000001';
const SECOND_CALL = '019aa6b8-0000-7000-8000-000000000002';

const dusk = {
  ...{ userId: 'ada', kind: 'image', bytes: PICTURE, prompt: 'A lighthouse at dusk' },
  ...{ provider: 'simulated', model: 'simulated-image', usageId: FIRST_CALL, requestId: 'req-1' },
} as const satisfies KeepInput;
const fog = { ...dusk, prompt: 'A harbour in fog', usageId: SECOND_CALL, requestId: 'req-2' };

describe('the same bytes out of several calls', () => {
  let postgres: TestPostgres;
  let media: MediaApp;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(() => postgres.stop());

  beforeEach(async () => {
    media = await startMediaApp(await postgres.newDatabase());
  });

  afterEach(() => media.stop());

  const files = () =>
    readdirSync(join(media.folder, 'cuota'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
  const found = async (query: string, user = 'ada') =>
    (await media.get(`/assets${query}`, user)).page().items;

  it('are one file and an asset of each call, which its own prompt finds and which tells of its own request', async () => {
    const first = await media.assets.keep(dusk);
    media.clock.advance(DAY_MS);
    const second = await media.assets.keep(fog);
    expect(files()).toHaveLength(1);
    expect(await found('')).toMatchObject([{ assetId: second.assetId }, { assetId: first.assetId }]);
    const { assetId } = second;
    const told = { assetId, prompt: 'A harbour in fog', usageId: SECOND_CALL, requestId: 'req-2' };
    for (const query of ['?tag=harbour', '?q=fog', '?date=2026-11-22'])
      expect(await found(query)).toEqual([expect.objectContaining(told)]);
    expect(await found('?tag=lighthouse')).toEqual([expect.objectContaining({ requestId: 'req-1' })]);
    for (const { assetId: id } of [first, second])
      expect((await media.get(`/assets/${id}`, 'ada')).body).toEqual(PICTURE);
  });

  it('stay an asset of one call where that of another is removed', async () => {
    const first = await media.assets.keep(dusk);
    const second = await media.assets.keep(fog);
    await media.assets.remove(first.assetId, { userId: 'ada', usageId: FIRST_CALL });
    expect(await found('')).toEqual([expect.objectContaining({ assetId: second.assetId })]);
    expect((await media.get(`/assets/${second.assetId}`, 'ada')).body).toEqual(PICTURE);
    expect((await media.get(`/assets/${first.assetId}`, 'ada')).status).toBe(404);
  });

  it('G12: show nobody anything of another’s call', async () => {
    const adas = await media.assets.keep(dusk);
    const bens = await media.assets.keep({ ...fog, userId: 'ben' });
    expect(files()).toHaveLength(1);
    expect(await found('', 'ben')).toEqual([
      expect.objectContaining({ assetId: bens.assetId, prompt: 'A harbour in fog', requestId: 'req-2' }),
    ]);
    for (const query of ['?tag=lighthouse', '?q=dusk']) expect(await found(query, 'ben')).toEqual([]);
    expect((await media.get(`/assets/${adas.assetId}`, 'ben')).status).toBe(404);
    const both = { usageIds: [FIRST_CALL, SECOND_CALL], ids: [adas.assetId, bens.assetId] };
    expect(await media.assets.ofCalls('ben', both)).toMatchObject([{ assetId: bens.assetId }]);
    await media.assets.remove(adas.assetId, { userId: 'ben', usageId: FIRST_CALL });
    expect(await found('')).toHaveLength(1);
  });
});
