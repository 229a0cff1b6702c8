-- Letting devices in by a code, and browsers in with the administrator's token. The SQLite file of the
-- same number says the same thing.

-- Devices that ask to be let in. Both codes are kept as digests; the token that a device gets is made
-- when it is given out, and is not here at all.
CREATE TABLE device_grants (
    id UUID NOT NULL PRIMARY KEY,
    device_digest BYTEA NOT NULL UNIQUE,
    code_digest BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    address TEXT,
    status TEXT NOT NULL,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    scope TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    polled_at BIGINT,
    interval_us BIGINT NOT NULL
);
CREATE INDEX device_grants_expires_at ON device_grants (expires_at);
CREATE INDEX device_grants_user ON device_grants (user_id);

-- A session is a user's, or of whoever presented the administrator's token, by the digest it had then.
ALTER TABLE web_sessions ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE web_sessions ADD COLUMN admin_digest BYTEA;
ALTER TABLE web_sessions ADD CHECK ((user_id IS NULL) <> (admin_digest IS NULL));
