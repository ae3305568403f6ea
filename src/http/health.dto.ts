import { ApiProperty } from '@nestjs/swagger';

/** Where to go from the root. */
export class RootView {
  @ApiProperty({ example: 'Cuota' })
  name!: string;

  @ApiProperty({ example: '/docs' })
  docs!: string;

  @ApiProperty({ example: '/openapi.json' })
  openapi!: string;

  @ApiProperty({ example: '/status' })
  status!: string;
}

/** That the process answers. */
export class LiveView {
  @ApiProperty({ enum: ['ok'] })
  status!: string;
}

/** Which stores answer. */
export class StoresView {
  @ApiProperty()
  postgres!: boolean;

  @ApiProperty({
    oneOf: [{ type: 'boolean' }, { type: 'string', enum: ['off'] }],
    description: '`off`: counters are in memory.',
  })
  redis!: boolean | 'off';

  @ApiProperty({
    description: 'Whether changes made elsewhere are heard of; where not, caches are bypassed.',
  })
  feed!: boolean;
}

/** Whether the process can serve calls. */
export class HealthView {
  @ApiProperty({ enum: ['ok', 'unavailable'] })
  status!: string;

  @ApiProperty({ type: StoresView })
  stores!: StoresView;
}
