const OTHER_NAMES: Readonly<Record<string, string>> = {
  // One endpoint under two paths has one rate.
  'GET /v1/realtime': 'GET /session',
  // As the API document has it, where a path's last part may hold slashes.
  'GET /v1/models/*': 'GET /v1/models/:id',
};

/** The name of a route's rate, by which a plan may set another: its method and path. */
export function rateNameOf(route: string): string {
  return OTHER_NAMES[route] ?? route;
}
