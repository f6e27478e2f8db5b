-- When `database erase` was last done. Nothing is known of the time before this table, so it begins with its own.
CREATE TABLE erasures (erased_at TEXT NOT NULL) STRICT;
INSERT INTO erasures VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
