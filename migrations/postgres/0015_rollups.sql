-- What calls came to, by hours and days (UTC), added up as they are stored, in their transaction. The SQLite file of
-- the same number says the same thing.

-- Everything that tells calls apart and can be filtered or grouped by. The id is a digest of the rest, so that
-- replicas agree on it. The last two are of the sums by tag, which tell apart organizations and users alone.
CREATE TABLE usage_series (
    id UUID NOT NULL PRIMARY KEY,
    key_id UUID,
    user_id UUID,
    org_id UUID,
    status BIGINT,
    agent TEXT,
    caller TEXT,
    endpoint TEXT,
    protocol TEXT,
    provider TEXT,
    credential_source TEXT,
    model_requested TEXT,
    model_sent TEXT,
    model_served TEXT,
    outcome TEXT,
    tag_name TEXT,
    tag_value TEXT
);

-- Kinds: 1 an hour, 2 a day, 3 an hour of a tag, 4 a day of a tag. `at` is when it begins. NULL is unknown for tokens and
-- money, and nothing for the rest. The numbers after `ttft` and `duration` are ranges of milliseconds
-- (`domain::latency`).
CREATE TABLE usage_rollups (
    kind BIGINT NOT NULL,
    at BIGINT NOT NULL,
    series UUID NOT NULL,
    calls BIGINT, errors BIGINT, estimated BIGINT, tokens_input BIGINT, tokens_cache_read BIGINT, tokens_cache_write_5m BIGINT,
    tokens_cache_write_1h BIGINT, tokens_output BIGINT, tokens_reasoning BIGINT, cost BIGINT, list_cost BIGINT, calls_without_cost BIGINT,
    bytes_in BIGINT, bytes_out BIGINT, attempts BIGINT, ttft_us BIGINT, ttft_0 INTEGER, ttft_1 INTEGER,
    ttft_2 INTEGER, ttft_3 INTEGER, ttft_4 INTEGER, ttft_5 INTEGER, ttft_6 INTEGER, ttft_7 INTEGER,
    ttft_8 INTEGER, ttft_9 INTEGER, ttft_10 INTEGER, ttft_11 INTEGER, ttft_12 INTEGER, ttft_13 INTEGER,
    ttft_14 INTEGER, ttft_15 INTEGER, ttft_16 INTEGER, ttft_17 INTEGER, ttft_18 INTEGER, ttft_19 INTEGER,
    ttft_20 INTEGER, ttft_21 INTEGER, ttft_22 INTEGER, ttft_23 INTEGER, duration_us BIGINT, duration_0 INTEGER,
    duration_1 INTEGER, duration_2 INTEGER, duration_3 INTEGER, duration_4 INTEGER, duration_5 INTEGER, duration_6 INTEGER,
    duration_7 INTEGER, duration_8 INTEGER, duration_9 INTEGER, duration_10 INTEGER, duration_11 INTEGER, duration_12 INTEGER,
    duration_13 INTEGER, duration_14 INTEGER, duration_15 INTEGER, duration_16 INTEGER, duration_17 INTEGER, duration_18 INTEGER,
    duration_19 INTEGER, duration_20 INTEGER, duration_21 INTEGER, duration_22 INTEGER, duration_23 INTEGER,
    PRIMARY KEY (kind, at, series)
) WITH (fillfactor = 80);

-- Whether the sums are whole: those of an installation that had calls before are once `tollhouse db rollup --rebuild`
-- has been run. Calls before `forgotten_before` may be deleted, so that their sums can no longer be checked.
CREATE TABLE usage_state (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    whole BIGINT NOT NULL,
    forgotten_before BIGINT NOT NULL
);
INSERT INTO usage_state (id, whole, forgotten_before)
    SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM calls) THEN 0 ELSE 1 END, 0;

-- For lists of what a user or an organization did, and of what went wrong.
CREATE INDEX calls_user ON calls (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX calls_org ON calls (org_id, id) WHERE org_id IS NOT NULL;
