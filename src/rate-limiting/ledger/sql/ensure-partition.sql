-- Make the partition of a UTC month, and move what came before it.
-- PARAMS   $1 a day of the month.  RETURNS  whether it was made now.
SELECT ensure_token_usage_partition($1::date) AS made
