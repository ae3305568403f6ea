-- An instance that ends in good order need not be waited for.
-- PARAMS   $1 the instance.
DELETE FROM instance_roster WHERE id = $1::text
