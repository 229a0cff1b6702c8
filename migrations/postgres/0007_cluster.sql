-- What several replicas on one database share. The SQLite file of the same number has the part of it that a
-- single process needs too.

-- The revision that last touched each part of the configuration, so that a replica reads only what is new to it.
CREATE TABLE sections (
    name TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL
);
INSERT INTO sections (name, revision)
SELECT part.name, revision.value
FROM revision, (VALUES ('keys'), ('catalog'), ('credentials'), ('people'), ('prices'), ('settings')) AS part (name);

-- Replicas that listen hear of a change when it is committed, and of none that was not.
CREATE FUNCTION announce_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tollhouse_revision', NEW.value::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER revision_announced AFTER UPDATE ON revision
FOR EACH ROW EXECUTE FUNCTION announce_revision();

-- Who is alive, by the database's clock.
CREATE TABLE replicas (
    id UUID NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
