import { Logger, Module } from '@nestjs/common';
import { PROCESS_ROLE, type ProcessRole, SETTINGS, type Settings } from '../config/index.js';
import { PostgresEndpoint } from './postgres-endpoint.js';

/** Only where Postgres is, apart from who connects to it: TypeORM's module must wait for this. */
@Module({
  providers: [
    {
      provide: PostgresEndpoint,
      inject: [SETTINGS, PROCESS_ROLE],
      useFactory: ({ stores }: Settings, role: ProcessRole) =>
        PostgresEndpoint.open(stores, new Logger('Postgres'), role),
    },
  ],
  exports: [PostgresEndpoint],
})
export class PostgresModule {}
