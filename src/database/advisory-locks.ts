/** Keys of Postgres' advisory locks, all in one place so that no two are the same. */

/** Held while migrations run. */
export const MIGRATION_LOCK = 7_283_001;
/** Held by the one server process that uses an embedded PostgreSQL. */
export const DATA_FOLDER_LOCK = 7_283_002;
/** Shared by the commands that use an embedded PostgreSQL: the last one out stops it, where no server has it. */
export const VISITORS_LOCK = 7_283_003;
/** Held by the one server process that counts in its memory what is written to a database. */
export const COUNTERS_IN_MEMORY_LOCK = 7_283_004;
