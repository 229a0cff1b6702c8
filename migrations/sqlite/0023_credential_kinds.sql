-- What kind of credential a call drew on. The PostgreSQL file of the same number says the same thing.

-- Null where that is not known: of the client's own, of none, and of calls before this.
ALTER TABLE calls ADD COLUMN credential_kind TEXT;
