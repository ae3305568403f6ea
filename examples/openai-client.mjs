// OpenAI's own client on Cuota: only the base URL is another.
//   CUOTA_KEY=cuota_… node examples/openai-client.mjs
import OpenAI from 'openai';

const { CUOTA_URL = 'http://localhost:3000', CUOTA_KEY } = process.env;
const client = new OpenAI({ apiKey: CUOTA_KEY, baseURL: `${CUOTA_URL}/v1` });
const messages = [{ role: 'user', content: 'Tell me about the sea.' }];

// The answer, and the headers with it: what is left after this call.
const { data, response } = await client.chat.completions.create({ model: 'auto', messages }).withResponse();
console.log(data.choices[0].message.content);
console.log(`requests left: ${response.headers.get('x-ratelimit-remaining-requests')}`);
console.log(`tokens left: ${response.headers.get('x-ratelimit-remaining-tokens') ?? 'no limit'}`);
console.log(`row in the ledger: ${response.headers.get('x-usage-id')}`);

// Word by word.
const stream = await client.chat.completions.create({ model: 'auto', messages, stream: true });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
console.log();

// A quota that is used up is an error of the client's own, which says when room returns. It is not tried again.
try {
  await client.chat.completions.create({ model: 'auto', messages, max_tokens: 10 });
  console.log('There is room for more.');
} catch (error) {
  if (!(error instanceof OpenAI.RateLimitError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
