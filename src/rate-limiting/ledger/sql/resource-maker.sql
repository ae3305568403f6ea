-- Who made a thing: of several calls one of the asking user's own, where there is one.
-- RETURNS  the provider, and the workspace's own key that it was made with, if it was with one.
-- PARAMS   $1 the provider's name for it, $2 the asking user, $3 the asking API key.
SELECT provider, key_id, own
FROM (
  SELECT provider, metadata ->> 'providerKeyId' AS key_id, (user_id IS NOT DISTINCT FROM $2::text AND (user_id IS NOT NULL OR api_key_id = $3::text)) AS own
  FROM token_usage
  WHERE resource_id = $1
) AS maker
ORDER BY own DESC
LIMIT 1
