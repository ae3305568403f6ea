import { type Fault } from '../../errors.js';

import { type VideoWish } from './video-call.js';

/** An escaped backslash is matched too, so that what follows it is not taken for an escape. */
const ESCAPES = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g;

/** What of a wish cannot be written down: PostgreSQL holds neither NUL nor half a surrogate pair in JSON. */
export function unstorable({ request, spoken }: VideoWish): Fault[] {
  const { prompt, extra, ...settings } = request;
  const fields = { [spoken ? 'script' : 'prompt']: prompt, ...settings, ...extra };
  return Object.entries(fields)
    .filter((field) => (JSON.stringify(field).match(ESCAPES) ?? []).some((escape) => escape !== '\\\\'))
    .map(([path]) => ({ path, message: 'must hold neither NUL nor half a character (a lone surrogate)' }));
}
