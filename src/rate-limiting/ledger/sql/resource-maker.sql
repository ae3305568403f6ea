-- Who made a thing: of several calls one of the asking user's own, where there is one.
-- PARAMS   $1 the provider's name for it, $2 the asking user, $3 the asking API key.
SELECT provider, own
FROM (
  SELECT provider, (user_id IS NOT DISTINCT FROM $2::text AND (user_id IS NOT NULL OR api_key_id = $3::text)) AS own
  FROM token_usage
  WHERE resource_id = $1
) AS maker
ORDER BY own DESC
LIMIT 1
