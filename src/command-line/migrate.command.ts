import { Logger } from '@nestjs/common';
import { Command } from 'nest-commander';

import { ShowingCommand, type ShowOptions } from './base.command.js';
import { Output } from './output.js';
import { Workroom } from './workroom.js';

@Command({ name: 'migrate', description: 'bring the database to the newest schema, and nothing else' })
export class MigrateCommand extends ShowingCommand {
  protected override readonly examples = ['migrate', 'migrate --json'];

  constructor(
    output: Output,
    private readonly workroom: Workroom,
  ) {
    super(output);
  }

  override async run(_: string[], options: ShowOptions): Promise<void> {
    const settings = this.workroom.settings();
    Logger.overrideLogger(this.workroom.log(settings));
    const { PostgresEndpoint } = await import('../database/index.js');
    const endpoint = await PostgresEndpoint.open(settings.stores, new Logger('Postgres'), 'command');
    await endpoint.close();
    await this.show(options, { migrated: endpoint.migrated }, ({ migrated }) =>
      migrated.length === 0 ? 'The database is up to date.' : `Migrated: ${migrated.join(', ')}`,
    );
  }
}
