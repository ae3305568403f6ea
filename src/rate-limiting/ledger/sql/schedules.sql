-- When the users' months turn: every combination of billing day and zone there is, null where a user has none.
SELECT DISTINCT billing_day, timezone FROM app_user
