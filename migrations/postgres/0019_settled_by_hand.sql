-- What somebody took away by hand, single sign-on does not give back. The SQLite file of the same
-- number says the same thing.

CREATE TABLE removed_members (
    org_id UUID NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (org_id, user_id)
);

-- 'hand' now also says no: it is for whom somebody has decided about, and groups decide about the others.
UPDATE users SET admin_source = 'sso' WHERE NOT admin;
