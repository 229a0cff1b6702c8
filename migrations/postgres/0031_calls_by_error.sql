-- Calls that failed, by how they did. The SQLite file of the same number says the same thing.

CREATE INDEX calls_error ON calls (error, id) WHERE error IS NOT NULL;
