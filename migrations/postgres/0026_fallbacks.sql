-- Why a call turned to another target or credential; so far it stood in `detail`. The SQLite file of the same number says
-- the same thing.
--
-- What goes with it is in the files that follow, each a transaction of its own: PostgreSQL lets nobody read a table whose
-- columns change until the transaction ends, and nobody write one while an index is made.

ALTER TABLE calls ADD COLUMN fallback TEXT;
