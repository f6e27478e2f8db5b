CREATE TABLE accounts (
    sid               TEXT NOT NULL PRIMARY KEY,
    auth_token_sha256 TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    sid           TEXT NOT NULL PRIMARY KEY,
    account_sid   TEXT NOT NULL REFERENCES accounts (sid),
    secret_sha256 TEXT NOT NULL
) STRICT;

CREATE INDEX api_keys_by_account ON api_keys (account_sid, sid);

CREATE TABLE services (
    sid         TEXT NOT NULL PRIMARY KEY,
    account_sid TEXT NOT NULL REFERENCES accounts (sid)
) STRICT;

CREATE INDEX services_by_account ON services (account_sid, sid);

-- key_sha256 stands for (identity, endpoint, binding_type), since a long endpoint does not fit an index of every engine.
-- message_types is a JSON array. Times are ISO 8601 in GMT with whole seconds, so that they order as text.
CREATE TABLE bindings (
    service_sid    TEXT NOT NULL REFERENCES services (sid),
    sid            TEXT NOT NULL,
    key_sha256     BLOB NOT NULL,
    identity       TEXT NOT NULL,
    endpoint       TEXT NOT NULL,
    binding_type   TEXT NOT NULL,
    credential_sid TEXT NOT NULL,
    message_types  TEXT NOT NULL,
    date_created   TEXT NOT NULL,
    date_updated   TEXT NOT NULL,
    PRIMARY KEY (service_sid, sid)
) STRICT;

CREATE UNIQUE INDEX bindings_by_key ON bindings (service_sid, key_sha256);

-- Each serves one mix of filters in the order of a list, so that a page is read and never sorted.
CREATE INDEX bindings_by_type ON bindings (service_sid, binding_type, sid);
CREATE INDEX bindings_by_identity ON bindings (service_sid, identity, binding_type, sid);
