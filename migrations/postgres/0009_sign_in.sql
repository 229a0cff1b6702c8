-- Getting in with a password, and staying in. The SQLite file of the same number says the same thing.

-- Wrong passwords since the last right one, and until when none is looked at.
ALTER TABLE users ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN locked_until BIGINT;

-- Who is signed in with a browser, by the digest of a secret that is in the browser's cookie alone. The
-- digest before the last rotation works until `previous_until`, for requests that were under way.
CREATE TABLE web_sessions (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL UNIQUE,
    previous BYTEA UNIQUE,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX web_sessions_user ON web_sessions (user_id);
CREATE INDEX web_sessions_expires_at ON web_sessions (expires_at);
