import 'reflect-metadata';

import { runProcess } from './run-process.js';

/** The same application, which works at messages and answers nobody. */
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
  begin: () => Promise.resolve('Cuota works at messages'),
});
