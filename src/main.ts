import 'reflect-metadata';

import { runProcess } from './run-process.js';

void runProcess({
  role: 'server',
  begin: async (app, { http }) => {
    await app.listen(http.port, http.host);
    const url = await app.getUrl();
    return `Cuota listens on ${url} — its API is at ${url}/docs`;
  },
});
