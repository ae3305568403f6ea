import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { GenerationModule } from '../generation/index.js';
import { ProvidersModule } from '../providers/index.js';

import { OpenSessions } from './open-sessions.js';
import { SessionDoor } from './session-door.js';
import { SessionOpening } from './session-opening.js';
import { SessionController } from './session.controller.js';
import { SessionGuard } from './session.guard.js';
import { SessionStore } from './session.store.js';
import { Relays } from './relay/relays.js';
import { Talks } from './talks.js';
import { SessionTools } from './tools/session-tools.js';
import { TextTalks } from './text/text-talks.js';

/** Realtime sessions over WebSockets, each under its budget. */
@Module({
  imports: [GenerationModule, ProvidersModule],
  controllers: [SessionController],
  providers: [
    SessionStore,
    { provide: APP_GUARD, useClass: SessionGuard },
    SessionTools,
    SessionDoor,
    OpenSessions,
    SessionOpening,
    Talks,
    TextTalks,
    Relays,
  ],
})
export class SessionsModule {}
