import { Module } from '@nestjs/common';
import { RateLimitingModule } from 'cuota';

import { PoemsController } from './poems.controller.js';
import { PoemsService } from './poems.service.js';

const { DATABASE_URL, REDIS_URL } = process.env;

@Module({
  imports: [
    RateLimitingModule.forRoot({
      // Without it a PostgreSQL out of an npm package, on ./data.
      databaseUrl: DATABASE_URL,
      // Several processes of this app need it.
      redisUrl: REDIS_URL,
      timeZone: 'Europe/Madrid',
      // From wherever you keep your users; it is asked once a second for a user at most.
      limits: (user) =>
        user.startsWith('friend-') ? { monthlyTokenLimit: 10_000 } : { monthlyCallLimit: 3 },
    }),
  ],
  controllers: [PoemsController],
  providers: [PoemsService],
})
export class AppModule {}
