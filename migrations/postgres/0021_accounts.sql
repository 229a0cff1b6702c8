-- Logins whose tokens end and are renewed. The SQLite file of the same number says the same thing.
--
-- An account is a credential of another kind: its row in `credentials` says whose it is, and holds its tokens,
-- sealed. What changes with every refresh and every limit is here.
ALTER TABLE credentials ADD COLUMN kind TEXT NOT NULL DEFAULT 'api_key';

CREATE TABLE accounts (
    credential_id UUID NOT NULL PRIMARY KEY,
    -- Raised whenever other tokens take the place of these: what was learned of earlier ones is not theirs.
    generation BIGINT NOT NULL,
    holder TEXT,
    plan TEXT,
    renewable BOOLEAN NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    refreshed_at BIGINT,
    lost_at BIGINT,
    lost_why TEXT,
    rest_until BIGINT,
    rest_why TEXT,
    failures BIGINT NOT NULL,
    next_try_at BIGINT,
    last_error TEXT,
    -- Who refreshes it now, and until when nobody else does.
    refresher UUID,
    refresher_until BIGINT,
    windows TEXT,
    windows_at BIGINT
);
