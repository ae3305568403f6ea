import { ApiProperty } from '@nestjs/swagger';
import { Equals, IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

import { WireFormat } from '../../http/index.js';

/** What we read of an image generation's body; all other fields pass through to the provider. */
@WireFormat()
export class ImageGenerationDto {
  @ApiProperty({ required: false, type: String, nullable: true, example: 'auto' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @ApiProperty({ maxLength: 32_000 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(32_000)
  prompt!: string;

  @ApiProperty({
    required: false,
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: 10,
    description: 'How many images; each is counted.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  n?: number | null;

  @ApiProperty({ required: false, type: String, nullable: true, example: '1024x1024' })
  @IsOptional()
  @IsString()
  size?: string | null;

  @ApiProperty({ required: false, type: String, nullable: true })
  @IsOptional()
  @IsString()
  quality?: string | null;

  @ApiProperty({ required: false, enum: [false], description: 'Images come in one piece here.' })
  @IsOptional()
  @Equals(false, { message: 'stream must be false: images come in one piece here' })
  stream?: boolean | null;

  @ApiProperty({ required: false, enum: [0] })
  @IsOptional()
  @Equals(0, { message: 'partial_images must be 0: images come in one piece here' })
  partial_images?: number | null;

  [field: string]: unknown;
}
