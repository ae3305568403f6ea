import { endpointRateFaults } from './endpoint-rates.js';

const RATE = { requestsPerMinute: 60, burst: 10 };
const ROUTES = ['GET /', 'GET /status', 'POST /v1/chat/completions'];

describe('the endpoint rates of a plan', () => {
  it('are rates by method and route', () => {
    expect(endpointRateFaults({}, ROUTES)).toEqual([]);
    expect(endpointRateFaults({ 'POST /v1/chat/completions': RATE, 'GET /': RATE }, ROUTES)).toEqual([]);
  });

  it.each([
    '/status',
    'post /v1/chat/completions',
    'GET /v1/chat/completions',
    'GET /status/',
    'POST status',
    '__proto__',
  ])('name no endpoint with "%s"', (endpoint) => {
    const rates = Object.fromEntries([[endpoint, RATE]]);
    expect(endpointRateFaults(rates, ROUTES)).toEqual([
      {
        path: 'endpointRates',
        message: `there is no endpoint "${endpoint}" that a rate holds for; those are ${ROUTES.join(', ')}`,
      },
    ]);
  });

  it('name every endpoint that there is none of, and those that there are', () => {
    const [fault, ...more] = endpointRateFaults({ 'GET /a': RATE, 'GET /': RATE, 'GET /b': RATE }, ROUTES);
    expect(more).toEqual([]);
    expect(fault?.message).toContain('"GET /a", "GET /b"');
    expect(fault?.message).toContain(ROUTES.join(', '));
  });

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
    expect(endpointRateFaults({ 'GET /status': rate, 'GET /': RATE }, ROUTES)).toEqual([
      {
        path: 'endpointRates.GET /status',
        message: 'must be {requestsPerMinute, burst}, both whole numbers from 1 to 1000000',
      },
    ]);
  });
});
