import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

import { ModelChoiceDto } from '../model-choice.dto.js';

/** What a script is to be about. */
export class GenerateScriptDto extends ModelChoiceDto {
  @ApiProperty({ example: 'Why the sky is blue', maxLength: 4_000 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(4_000)
  topic!: string;

  @ApiProperty({ required: false, example: 'friendly', maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  tone?: string;

  @ApiProperty({ required: false, example: 'English', maxLength: 100 })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  language?: string;

  @ApiProperty({
    required: false,
    example: 60,
    minimum: 1,
    maximum: 3_600,
    description: 'How long it takes to speak.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3_600)
  durationSeconds?: number;
}
