-- Limits of packages and customers, what a customer's access depends on besides, octets bought on top, and what a tenant does with those who may not come in.
-- Limits and rates are JSON documents of the program's own types: they are read whole, and never searched.

ALTER TABLE packages ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';

ALTER TABLE customers ADD COLUMN limits TEXT;
ALTER TABLE customers ADD COLUMN own_rate TEXT;
ALTER TABLE customers ADD COLUMN own_rate_until BIGINT;
-- Seconds of validity that begin with the first login; NULL = the validity does not wait for one.
ALTER TABLE customers ADD COLUMN first_login_secs BIGINT;
ALTER TABLE customers ADD COLUMN activated_at BIGINT;
ALTER TABLE customers ADD COLUMN period_started_at BIGINT;
ALTER TABLE customers ADD COLUMN package_since_at BIGINT;
ALTER TABLE customers ADD COLUMN closed_at BIGINT;

CREATE TABLE top_ups (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    customer_id BIGINT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('download', 'upload', 'total')),
    octets BIGINT NOT NULL CHECK (octets > 0),
    bought_at BIGINT NOT NULL,
    expires_at BIGINT,
    note TEXT NOT NULL DEFAULT '',
    created_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX top_ups_by_customer ON top_ups (customer_id, bought_at);

ALTER TABLE tenants ADD COLUMN access_rules TEXT NOT NULL DEFAULT '{}';
