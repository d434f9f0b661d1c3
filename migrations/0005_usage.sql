-- Usage by buckets that begin at local midnight or at the start of a customer's period; nodes, and what they tell each other.

CREATE TABLE usage_new (
    tenant_id BIGINT NOT NULL,
    session_key BYTEA NOT NULL,
    bucket_at BIGINT NOT NULL,
    charging_class BIGINT NOT NULL,
    day BIGINT NOT NULL,
    customer_id BIGINT,
    octets_in BIGINT NOT NULL,
    octets_out BIGINT NOT NULL,
    secs BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_key, bucket_at, charging_class)
);
-- Where a day begins depends on the tenant's zone, which SQL does not know: the program puts the instant in place of the negative day (`migrate`).
INSERT INTO usage_new (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs)
    SELECT tenant_id, session_key, -day, charging_class, day, customer_id, octets_in, octets_out, secs FROM usage;
DROP TABLE usage;
ALTER TABLE usage_new RENAME TO usage;
CREATE INDEX usage_by_customer ON usage (tenant_id, customer_id, bucket_at);

-- The newest of a tenant's open sessions by an index that holds only these, and a user name's sessions without walking all.
CREATE INDEX sessions_online ON sessions (tenant_id, session_key) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_username ON sessions (tenant_id, LOWER(username), session_key);

-- Processes that serve this store. A node that was not seen for a minute is away.
CREATE TABLE nodes (
    journal_id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    key_fingerprint BYTEA NOT NULL,
    seen_at BIGINT NOT NULL
);

-- What one transaction of an applier changed, for the memory of the other nodes; written only while there are others.
CREATE TABLE node_batches (
    journal_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    -- Where the journal stood before, so that a follower sees whether one is missing.
    after_seq BIGINT NOT NULL,
    payload BYTEA NOT NULL,
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (journal_id, seq)
);
