/** One endpoint under two paths has one rate. */
const OTHER_NAMES: Readonly<Record<string, string>> = { 'GET /v1/realtime': 'GET /session' };

/** The name of a route's rate, by which a plan may set another: its method and path. */
export function rateNameOf(route: string): string {
  return OTHER_NAMES[route] ?? route;
}
