import { type DynamicModule, Module } from '@nestjs/common';
import { PROCESS_ROLE, type ProcessRole } from './process-role.js';
import { SETTINGS, type Settings } from './settings.js';

/** Gives the whole application its Settings, `@Inject(SETTINGS) settings: Settings`, and what this process is. */
@Module({})
export class ConfigModule {
  static forRoot(settings: Settings, role: ProcessRole = 'server'): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: PROCESS_ROLE, useValue: role },
      ],
      exports: [SETTINGS, PROCESS_ROLE],
    };
  }
}
