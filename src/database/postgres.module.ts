import { Logger, Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/index.js';
import { PostgresEndpoint } from './postgres-endpoint.js';

/** Only where Postgres is, apart from who connects to it: TypeORM's module must wait for this. */
@Module({
  providers: [
    {
      provide: PostgresEndpoint,
      inject: [SETTINGS],
      useFactory: ({ stores }: Settings) => PostgresEndpoint.open(stores, new Logger('Postgres')),
    },
  ],
  exports: [PostgresEndpoint],
})
export class PostgresModule {}
