import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, Matches, MaxLength, registerDecorator } from 'class-validator';

import { WireFormat } from '../../http/index.js';

const SECONDS = /^[1-9]\d{0,2}$/;

/** OpenAI sends a text; a number is as good. */
function IsSeconds(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isSeconds',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => SECONDS.test(String(value)),
        defaultMessage: () => 'seconds must be a whole number of seconds, such as "8"',
      },
    });
  };
}

/** What we read of a video's body, be it a form or JSON; all other fields pass through to the provider. */
@WireFormat()
export class VideoGenerationDto {
  @ApiProperty({ required: false, type: String, nullable: true, example: 'auto' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @ApiProperty({ maxLength: 32_000 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(32_000)
  prompt!: string;

  @ApiProperty({ required: false, type: String, example: '8' })
  @IsOptional()
  @IsSeconds()
  seconds?: string | number | null;

  @ApiProperty({ required: false, type: String, nullable: true, example: '1280x720' })
  @IsOptional()
  @Matches(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, { message: 'size must be WIDTHxHEIGHT, such as 1280x720' })
  size?: string | null;

  [field: string]: unknown;
}
