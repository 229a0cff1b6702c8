-- What was spent, added up as calls are stored, in their transaction. The PostgreSQL file of the same number
-- says the same thing.
--
-- One row per scope and UTC day, in days since the epoch; day -1 is the total. Sessions have a total alone.
-- `touched` is the last day that a row grew.
CREATE TABLE spend (
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('key', 'user', 'org', 'session')),
    scope_id BLOB NOT NULL,
    day INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    PRIMARY KEY (scope_kind, scope_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_touched ON spend (scope_kind, touched);

-- What calls before this table came to.
INSERT INTO spend (scope_kind, scope_id, day, spent, touched)
    SELECT 'key', key_id, at / 86400000000, SUM(cost), at / 86400000000
    FROM calls WHERE cost > 0 GROUP BY key_id, at / 86400000000;
INSERT INTO spend (scope_kind, scope_id, day, spent, touched)
    SELECT 'key', key_id, -1, SUM(cost), MAX(at / 86400000000) FROM calls WHERE cost > 0 GROUP BY key_id;
