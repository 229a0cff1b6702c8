-- What calls said, sealed. The PostgreSQL file of the same number says the same thing.
--
-- `sealed` holds both bodies; it opens with the vault's keys and for this call alone. `at` is when the call was
-- admitted, which is what captures are forgotten by.
CREATE TABLE captures (
    call_id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX captures_at ON captures (at);

-- What is kept of a key's calls; absent means what the installation keeps.
ALTER TABLE virtual_keys ADD COLUMN capture TEXT;
