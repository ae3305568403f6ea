import { type Emulator, startEmulator } from '../support/emulator/emulator.js';
import { type Harness, newHarness, NOW } from '../support/harness.js';

import { cloudinaryAt } from './cloudinary-client.js';

describe('GET /admin/media', () => {
  let cloudinary: Emulator;
  let harness: Harness;

  beforeAll(async () => {
    cloudinary = await startEmulator();
    harness = await newHarness({ upstream: true, env: cloudinaryAt(cloudinary.url) });
    await cloudinary.until(({ completed }) => completed === 1);
  }, 120_000);

  afterAll(async () => {
    await harness.stop();
    await cloudinary.stop();
  });

  it('tells what is kept where, what waits and why, and the account’s room', async () => {
    const { api } = await harness.newUser();
    const draw = () => api.post('/generate/image', { prompt: 'A boat', size: '1024x1024' });
    cloudinary.next({ status: 503 });
    const { status, body } = await draw();
    expect(status).toBe(200);
    expect((await fetch(new URL(body.images[0].url, harness.url))).status).toBe(200);
    const { bytes } = body.images[0];
    expect((await harness.admin.get('/admin/media')).body).toEqual({
      store: 'cloudinary',
      images: { count: 1, bytes },
      videos: { count: 0, bytes: 0 },
      waiting: { count: 1, bytes, oldestAt: new Date(NOW).toISOString(), lastFailure: 'answered 503' },
      storage: { used: 0, limit: 10_000_000_000 },
      bandwidth: { used: 0, limit: 50_000_000_000 },
      credits: null,
      checkedAt: new Date(NOW).toISOString(),
    });
    expect((await api.get('/admin/media')).status).toBe(403);
  });

  it('is in the API document', async () => {
    const { body } = await harness.admin.get('/openapi.json');
    expect(body.paths['/admin/media'].get.responses).toHaveProperty('200');
  });
});
