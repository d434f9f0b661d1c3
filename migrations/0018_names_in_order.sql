-- The list's usual order with what filters ask for most, so that walking it reads the index alone: of a million customers a page of a rare filter took forty milliseconds.
DROP INDEX customers_by_name;
CREATE INDEX customers_by_name ON customers (tenant_id, name_key, id, username_key, code, owner_id, closed_at, zone_id, hold, expires_at, first_login_secs, activated_at,
    package_id, billing_type, connection_type);
