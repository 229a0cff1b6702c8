-- Pieces of budgets that replicas hold: what each may spend without asking. What was spent of a budget and what
-- is held of it never exceed it together. `first_day` and `last_day` are the period, in days since the epoch, as
-- `spend` counts them; a total has day -1 alone.
CREATE TABLE leases (
    scope_kind TEXT NOT NULL,
    scope_id UUID NOT NULL,
    period TEXT NOT NULL,
    first_day BIGINT NOT NULL,
    last_day BIGINT NOT NULL,
    replica UUID NOT NULL,
    held BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope_kind, scope_id, period, first_day, replica)
);
CREATE INDEX leases_replica ON leases (replica, scope_kind, scope_id);
CREATE INDEX leases_expiry ON leases (expires_at);
