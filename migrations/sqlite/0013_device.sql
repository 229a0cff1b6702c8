-- Letting devices in by a code, and browsers in with the administrator's token. The PostgreSQL file of the
-- same number says the same thing.

-- Devices that ask to be let in. Both codes are kept as digests; the token that a device gets is made
-- when it is given out, and is not here at all.
CREATE TABLE device_grants (
    id BLOB NOT NULL PRIMARY KEY,
    device_digest BLOB NOT NULL UNIQUE,
    code_digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    address TEXT,
    status TEXT NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    scope TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    polled_at INTEGER,
    interval_us INTEGER NOT NULL
) STRICT;
CREATE INDEX device_grants_expires_at ON device_grants (expires_at);
CREATE INDEX device_grants_user ON device_grants (user_id);

-- A session is a user's, or of whoever presented the administrator's token, by the digest it had then.
CREATE TABLE web_sessions_new (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    admin_digest BLOB,
    digest BLOB NOT NULL UNIQUE,
    previous BLOB UNIQUE,
    previous_until INTEGER,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (admin_digest IS NULL))
) STRICT;
INSERT INTO web_sessions_new (id, user_id, digest, previous, previous_until, created_at, seen_at,
    rotated_at, expires_at)
    SELECT id, user_id, digest, previous, previous_until, created_at, seen_at, rotated_at, expires_at
    FROM web_sessions;
DROP TABLE web_sessions;
ALTER TABLE web_sessions_new RENAME TO web_sessions;
CREATE INDEX web_sessions_user ON web_sessions (user_id);
CREATE INDEX web_sessions_expires_at ON web_sessions (expires_at);
