-- Getting in with a password, and staying in. The PostgreSQL file of the same number says the same thing.

-- Wrong passwords since the last right one, and until when none is looked at.
ALTER TABLE users ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN locked_until INTEGER;

-- Who is signed in with a browser, by the digest of a secret that is in the browser's cookie alone. The
-- digest before the last rotation works until `previous_until`, for requests that were under way.
CREATE TABLE web_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL UNIQUE,
    previous BLOB UNIQUE,
    previous_until INTEGER,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX web_sessions_user ON web_sessions (user_id);
CREATE INDEX web_sessions_expires_at ON web_sessions (expires_at);
