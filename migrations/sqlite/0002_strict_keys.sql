-- A strict key refuses a call that a translation would lose anything of.
ALTER TABLE virtual_keys ADD COLUMN strict INTEGER NOT NULL DEFAULT 0;
