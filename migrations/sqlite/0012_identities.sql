-- Single sign-on. The PostgreSQL file of the same number says the same thing.

-- What an identity provider calls somebody: its own name for them, never their address.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    since INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject),
    -- One name for each person at each provider.
    UNIQUE (user_id, issuer)
) STRICT;

-- Who gave a membership, and whether a user administers the installation by their groups: what single
-- sign-on gave, it takes away again.
ALTER TABLE memberships ADD COLUMN source TEXT NOT NULL DEFAULT 'hand' CHECK (source IN ('hand', 'sso'));
ALTER TABLE users ADD COLUMN admin_source TEXT NOT NULL DEFAULT 'hand' CHECK (admin_source IN ('hand', 'sso'));
