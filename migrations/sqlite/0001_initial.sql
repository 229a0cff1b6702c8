-- Everything the first release stores. The PostgreSQL file of the same number says the same thing.
--
-- Times are microseconds since the epoch, money is whole nano-USD, ids are UUIDs, JSON is text.

-- One number that every administrative write raises, in the same transaction.
CREATE TABLE revision (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO revision (id, value) VALUES (1, 0);

-- Data keys, wrapped by a master key that is never here.
CREATE TABLE data_keys (
    id BLOB NOT NULL PRIMARY KEY,
    master BLOB NOT NULL,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE sealed_settings (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Virtual keys. A digest stands for the secret, which is nowhere.
CREATE TABLE virtual_keys (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    owner_id BLOB,
    org_id BLOB,
    agent TEXT,
    kind TEXT NOT NULL,
    models TEXT,
    providers TEXT,
    credentials TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER,
    managed INTEGER NOT NULL,
    -- Revoked because the configuration file stopped naming it, and not by a person: the one kind
    -- of revocation that the file may take back.
    retired INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX virtual_keys_live_digest ON virtual_keys (digest) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX virtual_keys_live_managed_name ON virtual_keys (name)
    WHERE managed AND revoked_at IS NULL;
CREATE INDEX virtual_keys_expiry ON virtual_keys (kind, expires_at);

-- Sealed upstream secrets. The platform owns the rows whose owner is the nil UUID.
CREATE TABLE credentials (
    id BLOB NOT NULL PRIMARY KEY,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'org', 'platform')),
    owner_id BLOB NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    configured_at INTEGER NOT NULL,
    managed INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (owner_kind, owner_id, provider, name)
) STRICT;

-- A managed row hides an unmanaged one of the same name for as long as the file names it.
CREATE TABLE providers (
    name TEXT NOT NULL,
    managed INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (name, managed)
) STRICT;

CREATE TABLE routes (
    model TEXT NOT NULL,
    managed INTEGER NOT NULL,
    position INTEGER NOT NULL,
    targets TEXT NOT NULL,
    PRIMARY KEY (model, managed)
) STRICT;

-- Prices by model; the empty provider means any.
CREATE TABLE prices (
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    price TEXT NOT NULL,
    source TEXT NOT NULL,
    dated TEXT NOT NULL,
    PRIMARY KEY (model, provider)
) STRICT;

-- Objects that upstreams keep for us (message batches, stored responses): who may ask for one,
-- and where it lives.
CREATE TABLE objects (
    key_id BLOB NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    credential_id BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, id)
) STRICT;
CREATE INDEX objects_age ON objects (created_at);

-- The ledger: one row per accepted call. NULL is unknown and never means zero. What is filtered or
-- summed is a column; the rest is JSON in `detail`.
CREATE TABLE calls (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    key_id BLOB NOT NULL,
    user_id BLOB,
    org_id BLOB,
    agent TEXT,
    caller TEXT NOT NULL,
    session_id BLOB NOT NULL,
    session_name TEXT,
    subagent TEXT,
    protocol TEXT,
    endpoint TEXT NOT NULL,
    stream INTEGER NOT NULL,
    provider TEXT,
    credential_id BLOB,
    credential_source TEXT,
    mode TEXT NOT NULL,
    model_requested TEXT,
    model_sent TEXT,
    model_served TEXT,
    status INTEGER,
    outcome TEXT NOT NULL,
    error TEXT,
    stop_reason TEXT,
    tokens_input INTEGER,
    tokens_cache_read INTEGER,
    tokens_cache_write_5m INTEGER,
    tokens_cache_write_1h INTEGER,
    tokens_output INTEGER,
    tokens_reasoning INTEGER,
    estimated INTEGER NOT NULL,
    cost INTEGER,
    list_cost INTEGER,
    ttft_ms REAL,
    duration_ms REAL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    upstream_object TEXT,
    snapshot_revision INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_at ON calls (at);
-- Call ids sort by time, so these serve both "newest of this key" and its keyset pages.
CREATE INDEX calls_key ON calls (key_id, id);
CREATE INDEX calls_session ON calls (session_id, id);
CREATE INDEX calls_upstream_object ON calls (upstream_object) WHERE upstream_object IS NOT NULL;
