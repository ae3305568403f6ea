import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

import { ModelChoiceDto } from '../model-choice.dto.js';

/** What an image is to show. */
export class GenerateImageDto extends ModelChoiceDto {
  @ApiProperty({ example: 'A lighthouse at dusk', maxLength: 4_000 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(4_000)
  prompt!: string;

  @ApiProperty({ required: false, example: '1024x1024' })
  @IsOptional()
  @Matches(/^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$/, {
    message: 'size must be WIDTHxHEIGHT, such as 1024x1024, or auto',
  })
  size?: string;

  @ApiProperty({ required: false, example: 1, minimum: 1, maximum: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  count?: number;
}
