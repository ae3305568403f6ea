import 'reflect-metadata';

import { runProcess } from './run-process.js';

/** The same application, which works at messages; it takes no calls, and tells of itself where it has a port. */
void runProcess({
  role: 'worker',
  lacks: ({ stores }) => [
    ...(stores.databaseUrl === undefined
      ? ['DATABASE_URL: not set; workers share the database of the servers']
      : []),
    ...(stores.redisUrl === undefined
      ? ['REDIS_URL: not set; workers share the counters of the servers']
      : []),
  ],
  begin: async (app, { workers, http }) => {
    if (workers.port === undefined) return 'Cuota works at messages';
    await app.listen(workers.port, http.host);
    return `Cuota works at messages, and tells of itself on ${await app.getUrl()}/metrics`;
  },
});
