import { setTimeout as delay } from 'node:timers/promises';

import { VideoWorker } from '../../src/generation/videos/video.worker.js';
import { type ApiClient } from '../support/api-client.js';
import { type Emulator } from '../support/emulator/emulator.js';
import { type Harness } from '../support/harness.js';
import { until } from '../support/until.js';

/** Sora's format at the emulator under OpenAI's name, so that it has a price: 0.10 USD a second. */
export function sora(emulator: Emulator): Record<string, string> {
  return {
    PROVIDER_OPENAI_BASE_URL: `${emulator.url}/v1`,
    PROVIDER_OPENAI_API_KEY: 'sk-openai-secret',
    PROVIDER_OPENAI_MODELS: 'sora-2',
    PROVIDER_OPENAI_TIMEOUT_MS: '2000',
  };
}

/** Time goes on by a second, and what is due then is done. */
export async function goOn({ clock, app }: Harness): Promise<void> {
  clock.advance(1_000);
  app.get(VideoWorker).wake();
  await delay(50);
}

/** How a generation ended; the fake clock goes on meanwhile. */
export async function ended(harness: Harness, api: ApiClient, id: string) {
  let { body } = await api.get(`/generations/${id}`);
  await until(`generation ${id} ends: ${JSON.stringify(body)}`, async () => {
    await goOn(harness);
    ({ body } = await api.get(`/generations/${id}`));
    return body.completedAt !== null;
  });
  return body;
}

/** What is used and held of a user's videos of the month. */
export async function videosOf(api: ApiClient): Promise<{ used: number; reserved: number }> {
  const { body } = await api.get('/me/usage');
  const limit = body.limits.find(({ name }: { name: string }) => name === 'user.month.video_generation');
  return { used: limit.used, reserved: limit.reserved };
}
