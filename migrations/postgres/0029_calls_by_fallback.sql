-- The few calls that turned elsewhere, by why they did. The SQLite file of the same number says the same thing.

CREATE INDEX calls_fallback ON calls (fallback, id) WHERE fallback IS NOT NULL;
