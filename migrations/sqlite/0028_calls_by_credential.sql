-- Calls by what they were made with, which sums do not tell apart: one more entry a call, at the end of what its credential
-- has. The PostgreSQL file of the same number says the same thing.

CREATE INDEX calls_credential ON calls (credential_id, id) WHERE credential_id IS NOT NULL;
