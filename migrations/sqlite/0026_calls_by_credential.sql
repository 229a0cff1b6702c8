-- Calls by what they were made with, and those that turned elsewhere or failed. The PostgreSQL file of the same number says
-- the same thing.

-- Why a call turned to another target or credential; so far it stood in `detail`.
ALTER TABLE calls ADD COLUMN fallback TEXT;
UPDATE calls SET fallback = json_extract(detail, '$.fallback') WHERE attempts > 1;

-- One more entry a call, at the end of what its credential has; and of the few that failed or turned elsewhere. Sums do
-- not tell these apart.
CREATE INDEX calls_credential ON calls (credential_id, id) WHERE credential_id IS NOT NULL;
CREATE INDEX calls_fallback ON calls (fallback, id) WHERE fallback IS NOT NULL;
CREATE INDEX calls_error ON calls (error, id) WHERE error IS NOT NULL;
