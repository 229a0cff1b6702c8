-- Signing in with an account. The PostgreSQL file of the same number says the same thing.

-- Attempts. What the authority knows one by, and what proves that it is ours, is sealed; it is emptied once
-- the attempt is over.
CREATE TABLE account_sign_ins (
    id BLOB NOT NULL PRIMARY KEY,
    -- Who began it; null for whoever holds the administrator's token.
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    owner_kind TEXT NOT NULL,
    owner_id BLOB NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    way TEXT NOT NULL,
    status TEXT NOT NULL,
    sealed BLOB NOT NULL,
    interval_us INTEGER NOT NULL,
    -- When the authority may be asked next. Whoever asks moves it first, so that nobody else does.
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    credential_id BLOB,
    why TEXT
) STRICT;
CREATE INDEX account_sign_ins_created_at ON account_sign_ins (created_at);
CREATE INDEX account_sign_ins_user ON account_sign_ins (user_id);

-- A keyed digest of who an account is at its provider, where its tokens say so: nobody else has it here too.
ALTER TABLE accounts ADD COLUMN identity BLOB;
CREATE INDEX accounts_identity ON accounts (identity);
