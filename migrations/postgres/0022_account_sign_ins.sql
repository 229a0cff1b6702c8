-- Signing in with an account. The SQLite file of the same number says the same thing.

-- Attempts. What the authority knows one by, and what proves that it is ours, is sealed; it is emptied once
-- the attempt is over.
CREATE TABLE account_sign_ins (
    id UUID NOT NULL PRIMARY KEY,
    -- Who began it; null for whoever holds the administrator's token.
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    owner_kind TEXT NOT NULL,
    owner_id UUID NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    way TEXT NOT NULL,
    status TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    interval_us BIGINT NOT NULL,
    -- When the authority may be asked next. Whoever asks moves it first, so that nobody else does.
    next_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    credential_id UUID,
    why TEXT
);
CREATE INDEX account_sign_ins_created_at ON account_sign_ins (created_at);
CREATE INDEX account_sign_ins_user ON account_sign_ins (user_id);

-- A keyed digest of who an account is at its provider, where its tokens say so: nobody else has it here too.
ALTER TABLE accounts ADD COLUMN identity BYTEA;
CREATE INDEX accounts_identity ON accounts (identity);
