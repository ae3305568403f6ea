import { ApiProperty } from '@nestjs/swagger';
import { IsDefined, IsOptional, IsString, registerDecorator } from 'class-validator';

import { WireFormat } from '../../http/index.js';

/** A text, texts, tokens, or lists of tokens: what OpenAI's embeddings take. */
function IsEmbeddingInput(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isEmbeddingInput',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: isEmbeddingInput,
        defaultMessage: () =>
          'input must be a non-empty text, list of texts, list of token numbers or list of those',
      },
    });
  };
}

function isEmbeddingInput(value: unknown): boolean {
  if (typeof value === 'string') return value.length > 0;
  if (!Array.isArray(value) || value.length === 0) return false;
  const items: unknown[] = value;
  const isToken = (item: unknown) => Number.isSafeInteger(item) && Number(item) >= 0;
  const isTokens = (item: unknown) => Array.isArray(item) && item.length > 0 && item.every(isToken);
  return items.every((item) => typeof item === 'string') || items.every(isToken) || items.every(isTokens);
}

/** What we read of an embeddings body; all other fields pass through to the provider. */
@WireFormat()
export class EmbeddingsDto {
  @ApiProperty({ required: false, type: String, nullable: true, example: 'auto' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @ApiProperty({
    oneOf: [
      { type: 'string' },
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
      { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    ],
  })
  @IsDefined()
  @IsEmbeddingInput()
  input!: string | string[] | number[] | number[][];

  [field: string]: unknown;
}
