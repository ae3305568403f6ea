-- Which rows of a batch were written by the very calls that ask: for a batch whose first outcome was never heard.
-- PARAMS   $1 ids, $2 their instants in milliseconds, $3 their write tokens.
-- RETURNS  the ids of those that are there with that token.
SELECT t.id
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS u (id, at_ms, write_token)
JOIN token_usage t
  ON t.id = u.id
  AND t.created_at = timestamptz 'epoch' + u.at_ms * interval '1 millisecond'
  AND t.write_token = u.write_token
