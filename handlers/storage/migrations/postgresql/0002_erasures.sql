-- When `database erase` was last done. Nothing is known of the time before this table, so it begins with its own.
-- The primary key is for replication alone: there is one row.
CREATE TABLE erasures (erased_at TEXT COLLATE "C" NOT NULL PRIMARY KEY);
INSERT INTO erasures VALUES (to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
