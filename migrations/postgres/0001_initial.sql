-- Everything the first release stores. The SQLite file of the same number says the same thing.
--
-- Times are microseconds since the epoch, money is whole nano-USD, ids are UUIDs, JSON is text.

-- One number that every administrative write raises, in the same transaction.
CREATE TABLE revision (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO revision (id, value) VALUES (1, 0);

-- Data keys, wrapped by a master key that is never here.
CREATE TABLE data_keys (
    id UUID NOT NULL PRIMARY KEY,
    master BYTEA NOT NULL,
    wrapped BYTEA NOT NULL
);

CREATE TABLE sealed_settings (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Virtual keys. A digest stands for the secret, which is nowhere.
CREATE TABLE virtual_keys (
    id UUID NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    owner_id UUID,
    org_id UUID,
    agent TEXT,
    kind TEXT NOT NULL,
    models TEXT,
    providers TEXT,
    credentials TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    managed BOOLEAN NOT NULL,
    -- Revoked because the configuration file stopped naming it, and not by a person: the one kind
    -- of revocation that the file may take back.
    retired BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX virtual_keys_live_digest ON virtual_keys (digest) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX virtual_keys_live_managed_name ON virtual_keys (name)
    WHERE managed AND revoked_at IS NULL;
CREATE INDEX virtual_keys_expiry ON virtual_keys (kind, expires_at);

-- Sealed upstream secrets. The platform owns the rows whose owner is the nil UUID.
CREATE TABLE credentials (
    id UUID NOT NULL PRIMARY KEY,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('user', 'org', 'platform')),
    owner_id UUID NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    configured_at BIGINT NOT NULL,
    managed BOOLEAN NOT NULL,
    sealed BYTEA NOT NULL,
    UNIQUE (owner_kind, owner_id, provider, name)
);

-- A managed row hides an unmanaged one of the same name for as long as the file names it.
CREATE TABLE providers (
    name TEXT NOT NULL,
    managed BOOLEAN NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (name, managed)
);

CREATE TABLE routes (
    model TEXT NOT NULL,
    managed BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    targets TEXT NOT NULL,
    PRIMARY KEY (model, managed)
);

-- Prices by model; the empty provider means any.
CREATE TABLE prices (
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    price TEXT NOT NULL,
    source TEXT NOT NULL,
    dated TEXT NOT NULL,
    PRIMARY KEY (model, provider)
);

-- Objects that upstreams keep for us (message batches, stored responses): who may ask for one,
-- and where it lives.
CREATE TABLE objects (
    key_id UUID NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    credential_id UUID,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, id)
);
CREATE INDEX objects_age ON objects (created_at);

-- The ledger: one row per accepted call. NULL is unknown and never means zero. What is filtered or
-- summed is a column; the rest is JSON in `detail`.
CREATE TABLE calls (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    key_id UUID NOT NULL,
    user_id UUID,
    org_id UUID,
    agent TEXT,
    caller TEXT NOT NULL,
    session_id UUID NOT NULL,
    session_name TEXT,
    subagent TEXT,
    protocol TEXT,
    endpoint TEXT NOT NULL,
    stream BOOLEAN NOT NULL,
    provider TEXT,
    credential_id UUID,
    credential_source TEXT,
    mode TEXT NOT NULL,
    model_requested TEXT,
    model_sent TEXT,
    model_served TEXT,
    status BIGINT,
    outcome TEXT NOT NULL,
    error TEXT,
    stop_reason TEXT,
    tokens_input BIGINT,
    tokens_cache_read BIGINT,
    tokens_cache_write_5m BIGINT,
    tokens_cache_write_1h BIGINT,
    tokens_output BIGINT,
    tokens_reasoning BIGINT,
    estimated BOOLEAN NOT NULL,
    cost BIGINT,
    list_cost BIGINT,
    ttft_ms DOUBLE PRECISION,
    duration_ms DOUBLE PRECISION,
    bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    upstream_object TEXT,
    snapshot_revision BIGINT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX calls_at ON calls (at);
-- Call ids sort by time, so these serve both "newest of this key" and its keyset pages.
CREATE INDEX calls_key ON calls (key_id, id);
CREATE INDEX calls_session ON calls (session_id, id);
CREATE INDEX calls_upstream_object ON calls (upstream_object) WHERE upstream_object IS NOT NULL;
