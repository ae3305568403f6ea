import { type Fault } from '../../errors.js';
import { isRecord } from '../../json-object.js';

const FIELDS = ['requestsPerMinute', 'burst'];
const MOST = 1_000_000;
const MOST_SHOWN = 60;
const MOST_NAMED = 20;

/** What is wrong with the endpoint rates of a plan: routes that there are none of would protect nothing. */
export function endpointRateFaults(rates: object, routes: readonly string[]): Fault[] {
  const entries: [string, unknown][] = Object.entries(rates);
  const unknown = entries.map(([route]) => route).filter((route) => !routes.includes(route));
  const wrong = entries.filter(([, rate]) => !isRate(rate)).map(([route]) => route);
  return [
    ...(unknown.length > 0 ? [unknownRoutes(unknown, routes)] : []),
    ...wrong.map((route) => ({
      path: `endpointRates.${route.slice(0, MOST_SHOWN)}`,
      message: `must be {requestsPerMinute, burst}, both whole numbers from 1 to ${MOST}`,
    })),
  ];
}

function unknownRoutes(unknown: readonly string[], routes: readonly string[]): Fault {
  const shown = unknown.slice(0, MOST_NAMED).map((route) => JSON.stringify(route.slice(0, MOST_SHOWN)));
  const more = unknown.length - shown.length;
  const named = more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
  const message = `there is no endpoint ${named} that a rate holds for; those are ${routes.join(', ')}`;
  return { path: 'endpointRates', message };
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
