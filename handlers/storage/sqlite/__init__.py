"""SQLite: a file in WAL mode. Readers never wait for a writer; a write is on disk when it is acknowledged."""
