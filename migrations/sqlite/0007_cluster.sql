-- The revision that last touched each part of the configuration, so that only what is new is read. The PostgreSQL
-- file of the same number also has what several replicas share.
CREATE TABLE sections (
    name TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO sections (name, revision)
SELECT part.column1, revision.value
FROM revision, (VALUES ('keys'), ('catalog'), ('credentials'), ('people'), ('prices'), ('settings')) AS part;
