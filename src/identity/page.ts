import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateBy } from 'class-validator';

import { validationFailed } from '../errors.js';

const CURSOR = /^after:([^\0]{1,500})$/;
const NO_CURSOR =
  'cursor is none of this list: pass the nextCursor of the page before, or none for the first page';

/** The part of a list that is asked for: at most `limit` rows that come after the row with the id `after`. */
export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** A part of a list. `nextCursor` asks for the next one; `null` where there is none. */
export interface Page<Row> {
  readonly items: readonly Row[];
  readonly nextCursor: string | null;
}

/** `?limit&cursor` of every list. */
export class PageQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 200,
    default: 50,
    description: 'Items a page.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  @ApiPropertyOptional({ type: String, description: 'The `nextCursor` of the page before.' })
  @IsOptional()
  @IsCursor()
  cursor?: string;
}

/**
 * Reads a list's query.
 * @throws CodedError `validation_failed` for a cursor that no answer of ours gave.
 */
export function pageRequest({ limit, cursor }: PageQuery): PageRequest {
  if (cursor === undefined) return { limit };
  const after = idIn(cursor);
  if (after !== undefined) return { limit, after };
  throw validationFailed([{ path: 'cursor', message: NO_CURSOR }]);
}

function IsCursor(): PropertyDecorator {
  return ValidateBy({
    name: 'isCursor',
    validator: {
      validate: (value) => typeof value === 'string' && idIn(value) !== undefined,
      defaultMessage: () => NO_CURSOR,
    },
  });
}

/** The id that a cursor of ours carries. */
function idIn(cursor: string): string | undefined {
  return CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
}

/** A page out of up to `limit + 1` rows: the row too many tells that there is a next page. */
export function pageOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(`after:${last.id}`).toString('base64url') : null };
}

/** The same page with its rows shown otherwise. */
export function mapPage<Row, View>(page: Page<Row>, view: (row: Row) => View): Page<View> {
  return { items: page.items.map(view), nextCursor: page.nextCursor };
}

/** How a page of `item` is documented: `class UserPage extends PageView(UserView) {}`. */
export function PageView<Item extends object>(item: new () => Item) {
  class ItemPage {
    @ApiProperty({ type: [item] })
    items!: readonly Item[];

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'Asks for the next page; null on the last one.',
    })
    nextCursor!: string | null;
  }
  return ItemPage;
}
