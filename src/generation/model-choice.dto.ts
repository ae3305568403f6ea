import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

import { NullIsAbsent } from './null-is-absent.js';

/** Which model is to answer, and at whose; with neither any that can. */
export class ModelChoiceDto {
  @ApiProperty({ required: false, description: 'A model, an alias, `provider/model`, or `auto`.' })
  @NullIsAbsent()
  @IsOptional()
  @IsString()
  model?: string;

  @ApiProperty({ required: false })
  @NullIsAbsent()
  @IsOptional()
  @IsString()
  provider?: string;
}
