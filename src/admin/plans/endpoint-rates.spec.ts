import { endpointRatesFault } from './endpoint-rates.js';

const RATE = { requestsPerMinute: 60, burst: 10 };

describe('the endpoint rates of a plan', () => {
  it('are rates by method and route', () => {
    expect(endpointRatesFault({})).toBeUndefined();
    expect(endpointRatesFault({ 'POST /v1/chat/completions': RATE, 'GET /': RATE })).toBeUndefined();
  });

  it.each([null, [], 'fast', 1])('are not %j', (value) => {
    expect(endpointRatesFault(value)).toMatch(/must be an object/);
  });

  it.each(['/v1/models', 'post /v1/models', 'POST v1', 'POST /a b'])(
    'name no endpoint with "%s"',
    (endpoint) => {
      expect(endpointRatesFault({ [endpoint]: RATE })).toMatch(/a method and a route/);
    },
  );

  it.each([
    null,
    60,
    { requestsPerMinute: 60 },
    { ...RATE, burst: 0 },
    { ...RATE, burst: 1.5 },
    { ...RATE, burst: '10' },
    { ...RATE, requestsPerMinute: 1e7 },
    { ...RATE, more: 1 },
  ])('hold no rate such as %j', (rate) => {
    expect(endpointRatesFault({ 'GET /status': rate })).toMatch(/\["GET \/status"\] must be/);
  });
});
