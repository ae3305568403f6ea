import { TypeOverrides, types, type CustomTypesConfig } from 'pg';

/** Counts, tokens and nano-dollars fit a number exactly up to 2^53; past that an error is better than a rounded one. */
function exactNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new RangeError(
      `The database answered ${text}, which no number holds exactly: cast it to text in the query.`,
    );
  }
  return value;
}

/** A calendar day has no zone: a Date would shift it into ours. */
const asText = (text: string): string => text;

/** How columns arrive from every connection of ours: int8 and numeric as numbers, date as `2026-11-21`. */
export const COLUMN_TYPES: CustomTypesConfig = ownParsers();

function ownParsers(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(types.builtins.INT8, exactNumber);
  overrides.setTypeParser(types.builtins.NUMERIC, exactNumber);
  overrides.setTypeParser(types.builtins.DATE, asText);
  return overrides;
}
