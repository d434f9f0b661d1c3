-- Identity: what is known of a customer's devices and who changed them, addresses that the server hands out itself, and what a router's requests show of its health.

ALTER TABLE customer_macs ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customer_macs ADD COLUMN added_by TEXT NOT NULL DEFAULT '';
ALTER TABLE customer_macs ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customer_macs ADD COLUMN is_random BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE customer_macs ADD COLUMN note TEXT NOT NULL DEFAULT '';
-- The second lowest bit of the first octet: locally administered, as the random addresses of phones are.
UPDATE customer_macs SET is_random = TRUE WHERE substr(mac, 2, 1) IN ('2', '3', '6', '7', 'a', 'b', 'e', 'f');

-- Every change of a customer's devices; never changed, and kept when the customer goes.
CREATE TABLE device_events (
    tenant_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tenant_id, customer_id, at, mac, action)
);

CREATE TABLE ip_pools (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    ranges TEXT NOT NULL,
    router_id BIGINT,
    grace_secs BIGINT NOT NULL,
    exhausted BIGINT NOT NULL DEFAULT 0,
    exhausted_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Whose an address is, or was last: one row per address, so no two customers can hold one. No foreign key to the pool: the applier writes leases while staff
-- removes pools, and neither may fail for the other.
CREATE TABLE ip_leases (
    tenant_id BIGINT NOT NULL,
    pool_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    mac TEXT NOT NULL DEFAULT '',
    session_key BYTEA,
    leased_at BIGINT NOT NULL,
    freed_at BIGINT,
    PRIMARY KEY (tenant_id, pool_id, address)
);
CREATE INDEX ip_leases_by_customer ON ip_leases (tenant_id, customer_id);

ALTER TABLE router_counters ADD COLUMN unsigned_requests BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN repeated_access BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN repeated_accounting BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN with_gigawords BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN without_gigawords BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN reused_session_ids BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN sessions_ended BIGINT NOT NULL DEFAULT 0;
ALTER TABLE router_counters ADD COLUMN sessions_ended_early BIGINT NOT NULL DEFAULT 0;
