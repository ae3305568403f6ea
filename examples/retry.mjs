// Calls Cuota over plain HTTP and tries again as it is told: after `Retry-After`, and not at all where
// `X-Should-Retry: false` says that waiting will not help.
//   CUOTA_KEY=cuota_… node examples/retry.mjs 'Why the sky is blue'
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

const { CUOTA_URL = 'http://localhost:3000', CUOTA_KEY } = process.env;
const MOST_ATTEMPTS = 5;
const topics = process.argv.slice(2);

for (const topic of topics.length > 0 ? topics : ['rain']) {
  const { id, script } = await generate('/generate/script', { topic });
  console.log(`${id}: ${script}`);
}

async function generate(path, body) {
  // The same key for every attempt: an answer that got lost on its way is given again, not charged again.
  const headers = {
    authorization: `Bearer ${CUOTA_KEY}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${CUOTA_URL}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    const waitSec = secondsToWait(response.headers);
    if (waitSec === undefined || attempt === MOST_ATTEMPTS) {
      console.error(`${response.status} ${answer.code}: ${answer.detail}`);
      process.exit(1);
    }
    console.log(`${response.status} ${answer.code}: trying again in ${waitSec} s`);
    await delay(waitSec * 1000);
  }
}

/** `undefined` where another attempt would not help. */
function secondsToWait(headers) {
  if (headers.get('x-should-retry') === 'false') return undefined;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}
