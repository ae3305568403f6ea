-- What all subjects together spent in a stretch of time that ends with a minute: whole minutes out of their roll-up, the part
-- of one before them out of the ledger.
-- PARAMS   $1 and $2 the least ids of the first instant and of the first whole minute, $3 and $4 these instants, $5 the first
--          past the stretch, in milliseconds. Ids are in order of time, so their index finds the rows; the instants name
--          the partitions.
SELECT (
  (
    SELECT coalesce(sum(cost_nano_usd), 0)
    FROM usage_by_minute
    WHERE minute >= timestamptz 'epoch' + $4::bigint * interval '1 millisecond'
      AND minute < timestamptz 'epoch' + $5::bigint * interval '1 millisecond'
  ) + (
    SELECT coalesce(sum(cost_nano_usd), 0)
    FROM token_usage
    WHERE id >= $1 AND id < $2
      AND created_at >= timestamptz 'epoch' + $3::bigint * interval '1 millisecond'
      AND created_at < timestamptz 'epoch' + $4::bigint * interval '1 millisecond'
  )
)::bigint AS cost_nano_usd
