-- Users who have used at least a share of one of their monthly limits, or of one that an API key of theirs has, in the
-- period that runs, in the order of their ids: what was used less what resets took back, of a user's limit with the grants
-- that hold now.
-- PARAMS   $1 billing days (0 where none), $2 zones ('' where none), $3 the first days of their periods, $4 the days
--          after the last, $5 whether the period is a calendar month of QUOTA_TIMEZONE; $6 the share, $7 the id to begin
--          after, $8 how many, $9 the instant.
-- RETURNS  of each user the limits that are so far used, the most used first.
-- A key inherits nothing, gets no grant, counts what everybody spent by it, in its owner's month; one that cannot be used
-- any more is left out. What a user's own active RateLimit leaves null is the plan's; 0 is unlimited. Tokens in a rolling window are of no month.
SELECT u.id, u.email, u.plan_id, s.first_day AS period, near.limits
FROM app_user u
JOIN unnest($1::integer[], $2::text[], $3::date[], $4::date[], $5::boolean[])
  AS s (billing_day, timezone, first_day, end_day, calendar)
  ON s.billing_day = coalesce(u.billing_day, 0) AND s.timezone = coalesce(u.timezone, '')
JOIN plan p ON p.id = u.plan_id
LEFT JOIN rate_limit o ON o.subject_kind = 'user' AND o.subject_id = u.id AND o.is_active
CROSS JOIN LATERAL (
  SELECT
    sum(total_tokens) AS tokens, sum(calls) AS calls, sum(cost_nano_usd) AS cost,
    sum(operation_count) FILTER (WHERE operation = 'video_generation') AS videos,
    sum(operation_count) FILTER (WHERE operation = 'image_generation') AS images,
    sum(operation_count) FILTER (WHERE operation = 'script_generation') AS scripts
  FROM (
    SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
    FROM usage_monthly
    WHERE s.calendar AND month = s.first_day AND user_id = u.id COLLATE "C"
    UNION ALL
    SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
    FROM usage_daily
    WHERE NOT s.calendar AND user_id = u.id COLLATE "C"
      AND local_day >= s.first_day AND local_day < s.end_day
      AND day >= s.first_day - 2 AND day < s.end_day + 2
    UNION ALL
    SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
    FROM quota_adjustment_day
    WHERE subject_kind = 'user' AND subject_id = u.id COLLATE "C"
      AND local_day >= s.first_day AND local_day < s.end_day
      AND day >= s.first_day - 2 AND day < s.end_day + 2
  ) parts
) used
CROSS JOIN LATERAL (
  SELECT
    jsonb_agg(
      jsonb_build_object('unit', unit, 'max', max, 'used', spent, 'apiKey', api_key)
      ORDER BY spent / max DESC, api_key ->> 'id' NULLS FIRST, unit
    ) AS limits
  FROM (
    SELECT NULL::jsonb AS api_key, l.unit, l.spent, l.max + coalesce((
      SELECT sum(amount)
      FROM quota_adjustment
      WHERE kind = 'grant' AND subject_id = u.id COLLATE "C" AND period = s.first_day
        AND unit = l.unit AND expires_at > $9::timestamptz
    ), 0) AS max
    FROM (
      VALUES
        ('tokens', CASE p.quota_window WHEN 'calendar' THEN coalesce(o.monthly_token_limit, p.monthly_token_limit) END,
          used.tokens),
        ('calls', coalesce(o.monthly_call_limit, p.monthly_call_limit), used.calls),
        ('cost', coalesce(o.monthly_cost_limit_nano_usd, p.monthly_cost_limit_nano_usd), used.cost),
        ('video_generation', coalesce(o.video_generation_limit, p.video_generation_limit), used.videos),
        ('image_generation', coalesce(o.image_generation_limit, p.image_generation_limit), used.images),
        ('script_generation', coalesce(o.script_generation_limit, p.script_generation_limit), used.scripts)
    ) AS l (unit, max, spent)
    -- A grant leaves what is unlimited (0) so; and only who is near without one can be near with it.
    WHERE l.max > 0 AND l.spent >= l.max * $6::numeric
    UNION ALL
    SELECT jsonb_build_object('id', k.id, 'name', k.name), l.unit, l.spent, l.max
    FROM api_key k
    JOIN rate_limit o ON o.subject_kind = 'apiKey' AND o.subject_id = k.id AND o.is_active
    CROSS JOIN LATERAL (
      SELECT
        sum(total_tokens) AS tokens, sum(calls) AS calls, sum(cost_nano_usd) AS cost,
        sum(operation_count) FILTER (WHERE operation = 'video_generation') AS videos,
        sum(operation_count) FILTER (WHERE operation = 'image_generation') AS images,
        sum(operation_count) FILTER (WHERE operation = 'script_generation') AS scripts
      FROM (
        SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
        FROM usage_daily
        WHERE api_key_id = k.id COLLATE "C"
          AND local_day >= s.first_day AND local_day < s.end_day
          AND day >= s.first_day - 2 AND day < s.end_day + 2
        UNION ALL
        SELECT operation, calls, operation_count, total_tokens, cost_nano_usd
        FROM quota_adjustment_day
        WHERE subject_kind = 'apiKey' AND subject_id = k.id COLLATE "C"
          AND local_day >= s.first_day AND local_day < s.end_day
          AND day >= s.first_day - 2 AND day < s.end_day + 2
      ) parts
    ) used
    CROSS JOIN LATERAL (
      VALUES
        ('tokens', o.monthly_token_limit, used.tokens),
        ('calls', o.monthly_call_limit, used.calls),
        ('cost', o.monthly_cost_limit_nano_usd, used.cost),
        ('video_generation', o.video_generation_limit, used.videos),
        ('image_generation', o.image_generation_limit, used.images),
        ('script_generation', o.script_generation_limit, used.scripts)
    ) AS l (unit, max, spent)
    WHERE k.user_id = u.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $9::timestamptz)
      AND l.max > 0
  ) granted
  WHERE spent >= max * $6::numeric
) near
WHERE u.id > $7 AND near.limits IS NOT NULL
ORDER BY u.id
LIMIT $8
