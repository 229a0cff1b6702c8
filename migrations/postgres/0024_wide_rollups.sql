-- Sums of calls that tell apart less, so that there are few to read. The SQLite file of the same number says the same
-- thing.

-- More kinds of `usage_rollups`: 5 an hour and 6 a day of an organization, of everything but keys, users and agents;
-- 7 and 8 the same of everybody; 9 and 10 a tag beside what 5 and 6 tell apart; 11 and 12 users, organizations and
-- agents alone. `cost_most` is what the dearest call cost; absent where `cost` is there, it is not known.
ALTER TABLE usage_rollups ADD COLUMN cost_most BIGINT;

-- `whole` is 2 where there are all of them, and 1 where there are only kinds 1 to 4: `tollhouse db rollup --rebuild`
-- makes the rest.
UPDATE usage_state SET whole = 2 WHERE whole = 1 AND NOT EXISTS (SELECT 1 FROM usage_rollups);

-- The busiest sessions of some time, without reading its calls.
CREATE INDEX calls_at_session ON calls (at, session_id);
DROP INDEX calls_at;
-- Nor those of today: PostgreSQL reads an index alone where it has cleaned up since.
ALTER TABLE calls SET (autovacuum_vacuum_insert_scale_factor = 0.01);
