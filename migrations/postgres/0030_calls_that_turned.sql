-- The calls that turned elsewhere, newest first, whyever they did. The SQLite file of the same number says the same thing.

CREATE INDEX calls_turned ON calls (id) WHERE fallback IS NOT NULL;
