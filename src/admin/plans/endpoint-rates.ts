import { isRecord } from '../../json-object.js';

const ENDPOINT = /^(GET|POST|PUT|PATCH|DELETE|WS) \/[\x21-\x7e]{0,200}$/;
const FIELDS = ['requestsPerMinute', 'burst'];
const MOST = 1_000_000;

/** What is wrong with the endpoint rates of a plan, if anything: to stand after the field's name. */
export function endpointRatesFault(value: unknown): string | undefined {
  if (!isRecord(value)) return 'must be an object of {requestsPerMinute, burst} by endpoint';
  for (const [endpoint, rate] of Object.entries(value)) {
    if (!ENDPOINT.test(endpoint))
      return `has the key "${endpoint.slice(0, 60)}": an endpoint is a method and a route, as in "POST /v1/chat/completions"`;
    if (!isRate(rate))
      return `["${endpoint}"] must be {requestsPerMinute, burst}, both whole numbers from 1 to ${MOST}`;
  }
  return undefined;
}

function isRate(rate: unknown): boolean {
  if (!isRecord(rate)) return false;
  const entries = Object.entries(rate);
  return (
    entries.length === FIELDS.length &&
    entries.every(([name, amount]) => FIELDS.includes(name) && isAmount(amount))
  );
}

function isAmount(amount: unknown): boolean {
  return typeof amount === 'number' && Number.isInteger(amount) && amount >= 1 && amount <= MOST;
}
