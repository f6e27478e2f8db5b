-- COLLATE "C" orders and compares by code point, whatever the database's own collation is.
CREATE TABLE accounts (
    sid               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    auth_token_sha256 TEXT NOT NULL
);

CREATE TABLE api_keys (
    sid           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_sid   TEXT COLLATE "C" NOT NULL REFERENCES accounts (sid),
    secret_sha256 TEXT NOT NULL
);

CREATE INDEX api_keys_by_account ON api_keys (account_sid, sid);

CREATE TABLE services (
    sid         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_sid TEXT COLLATE "C" NOT NULL REFERENCES accounts (sid)
);

CREATE INDEX services_by_account ON services (account_sid, sid);

-- key_sha256 stands for (identity, endpoint, binding_type), since a long endpoint does not fit an index.
-- message_types is a JSON array. Times are ISO 8601 in GMT with whole seconds, so that they order as text.
-- service_sid leads every key: it is what the table can be distributed by.
CREATE TABLE bindings (
    service_sid    TEXT COLLATE "C" NOT NULL REFERENCES services (sid),
    sid            TEXT COLLATE "C" NOT NULL,
    key_sha256     BYTEA NOT NULL,
    identity       TEXT COLLATE "C" NOT NULL,
    endpoint       TEXT COLLATE "C" NOT NULL,
    binding_type   TEXT COLLATE "C" NOT NULL,
    credential_sid TEXT COLLATE "C" NOT NULL,
    message_types  TEXT COLLATE "C" NOT NULL,
    date_created   TEXT COLLATE "C" NOT NULL,
    date_updated   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (service_sid, sid)
);

CREATE UNIQUE INDEX bindings_by_key ON bindings (service_sid, key_sha256);

-- Each serves one mix of filters in the order of a list, so that a page is read and never sorted.
CREATE INDEX bindings_by_type ON bindings (service_sid, binding_type, sid);
CREATE INDEX bindings_by_identity ON bindings (service_sid, identity, binding_type, sid);

-- Statistics are copies of values in another table, where what is deleted would stay. No plan needs those of personal data.
ALTER TABLE bindings
    ALTER COLUMN key_sha256 SET STATISTICS 0,
    ALTER COLUMN identity SET STATISTICS 0,
    ALTER COLUMN endpoint SET STATISTICS 0;
