-- Whose a row is. Pools get an owner as routers, packages and customers have one: their router's, else the tenant's first provider.
ALTER TABLE ip_pools ADD COLUMN owner_id BIGINT REFERENCES accounts (id);
UPDATE ip_pools SET owner_id = COALESCE((SELECT r.owner_id FROM routers r WHERE r.id = ip_pools.router_id AND r.tenant_id = ip_pools.tenant_id),
    (SELECT a.id FROM accounts a WHERE a.tenant_id = ip_pools.tenant_id AND a.role = 'admin' ORDER BY a.created_at, a.id LIMIT 1));

-- The customers of an operator are found without walking the whole tenant's. An account belongs to one tenant.
CREATE INDEX customers_by_owner ON customers (owner_id, username_key);
