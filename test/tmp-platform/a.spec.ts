import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import { ConfigModule, readSettings, type Settings } from '../../src/config/index';
import { DatabaseModule, StoresHealth, SqlPool } from '../../src/database/index';
const settings = (env: Record<string,string>): Settings => { const r = readSettings(env); if ('faults' in r) throw new Error(r.faults.join('\n')); return r.settings; };
it('x', async () => {
  const dir = mkdtempSync('/tmp/cuota-x-');
  for (let i = 0; i < 2; i++) {
  const t0 = performance.now();
  const app = (await Test.createTestingModule({ imports: [ConfigModule.forRoot(settings({DATA_DIR: dir})), DatabaseModule] }).setLogger(console).compile());
  await app.init();
  process.stderr.write(`start ${performance.now()-t0}\n`);
  console.log(await app.get(StoresHealth).check(), await app.get(SqlPool).query({name:'x', text:'select version(), current_user, (select count(*) from pg_stat_activity) n'}));
  const t1 = performance.now();
  await app.close();
  process.stderr.write(`stop ${performance.now()-t1}\n`);
  }
  console.log(statSync(dir + '/postgres').uid);
  rmSync(dir, {recursive: true});
});
