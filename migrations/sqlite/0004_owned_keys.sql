-- Keys that belong to somebody and are limited: the routes, the rates and the money they may use, the one
-- source of credentials that a scoped key was minted for, and the secret that a rotation still lets through.
-- `revision` is the one that wrote the row last, so that a snapshot reads only what is new to it.
ALTER TABLE virtual_keys ADD COLUMN routes TEXT;
ALTER TABLE virtual_keys ADD COLUMN pinned_source TEXT;
ALTER TABLE virtual_keys ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE virtual_keys ADD COLUMN budgets TEXT NOT NULL DEFAULT '[]';
ALTER TABLE virtual_keys ADD COLUMN previous_digest BLOB;
ALTER TABLE virtual_keys ADD COLUMN grace_until INTEGER;
ALTER TABLE virtual_keys ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
CREATE INDEX virtual_keys_revision ON virtual_keys (revision);
CREATE INDEX virtual_keys_org ON virtual_keys (org_id, id);
CREATE INDEX virtual_keys_owner ON virtual_keys (owner_id, id);

-- Credentials of users and organizations: switched on or off, with an address of their own, refused by
-- their provider since.
ALTER TABLE credentials ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE credentials ADD COLUMN base_url TEXT;
ALTER TABLE credentials ADD COLUMN stale_since INTEGER;
