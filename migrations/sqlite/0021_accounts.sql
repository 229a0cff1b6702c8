-- Logins whose tokens end and are renewed. The PostgreSQL file of the same number says the same thing.
--
-- An account is a credential of another kind: its row in `credentials` says whose it is, and holds its tokens,
-- sealed. What changes with every refresh and every limit is here.
ALTER TABLE credentials ADD COLUMN kind TEXT NOT NULL DEFAULT 'api_key';

CREATE TABLE accounts (
    credential_id BLOB NOT NULL PRIMARY KEY,
    -- Raised whenever other tokens take the place of these: what was learned of earlier ones is not theirs.
    generation INTEGER NOT NULL,
    holder TEXT,
    plan TEXT,
    renewable INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    refreshed_at INTEGER,
    lost_at INTEGER,
    lost_why TEXT,
    rest_until INTEGER,
    rest_why TEXT,
    failures INTEGER NOT NULL,
    next_try_at INTEGER,
    last_error TEXT,
    -- Who refreshes it now, and until when nobody else does.
    refresher BLOB,
    refresher_until INTEGER,
    windows TEXT,
    windows_at INTEGER
) STRICT;
