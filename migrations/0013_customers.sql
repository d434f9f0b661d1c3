-- What staff knows of a customer besides his access, zones and tags, what lists are sorted and searched by, and views that people keep.

ALTER TABLE customers ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN city TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN postal_code TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN parent_id BIGINT;
-- The name in lower case, and the digits of the phone backwards, so that its last ones are found by an index. What lower case is, the databases see differently, so
-- the program writes both; `tollgate migrate` does for customers of before.
ALTER TABLE customers ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE customers ADD COLUMN phone_key TEXT NOT NULL DEFAULT '';

-- With what a search looks at besides, so that a search over all reads the index alone.
CREATE INDEX customers_by_name ON customers (tenant_id, name_key, id, username_key, code, owner_id, closed_at);
-- The few who are held or gone.
CREATE INDEX customers_held ON customers (hold) WHERE hold <> 'none';
CREATE INDEX customers_closed ON customers (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX customers_by_phone ON customers (tenant_id, phone_key);
CREATE INDEX customers_by_registration ON customers (tenant_id, registered_at, id);
-- Who never expires comes last.
CREATE INDEX customers_by_expiry ON customers (tenant_id, (COALESCE(expires_at, 9223372036854775807)), id);

CREATE TABLE zones (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);
CREATE INDEX customers_by_zone ON customers (zone_id);

CREATE TABLE customer_tags (
    tenant_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (customer_id, tag)
);
CREATE INDEX customer_tags_by_tag ON customer_tags (tenant_id, tag, customer_id);

CREATE TABLE saved_views (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    is_team BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (owner_id, list, name)
);

-- How customers were before a job changed many of them, and how it left them, so that it can be taken back.
CREATE TABLE customer_undo (
    job_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    tenant_id BIGINT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (job_id, customer_id)
);
