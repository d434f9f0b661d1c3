-- Pages of a million customers: indexes that hold all that is asked of them besides, parts of names found by an index, what needs attention without a walk.

-- Those who belong to a customer are listed on his page, and freed when he is removed.
CREATE INDEX customers_parent ON customers (parent_id) WHERE parent_id IS NOT NULL;

-- With what filters ask for most, so that counting reads the index alone. Who never expires comes last.
DROP INDEX customers_by_expiry;
CREATE INDEX customers_by_expiry ON customers (tenant_id, (COALESCE(expires_at, 9223372036854775807)), id, hold, closed_at, first_login_secs, activated_at, owner_id,
    zone_id, package_id, billing_type, connection_type, expires_at);
-- Lists in these orders are walked past customers of other owners, and past those who left.
DROP INDEX customers_by_registration;
CREATE INDEX customers_by_registration ON customers (tenant_id, registered_at, id, owner_id, closed_at, zone_id, hold, package_id, billing_type, connection_type);
CREATE INDEX customers_by_username ON customers (tenant_id, username_key, id, owner_id, closed_at, zone_id);
DROP INDEX customers_by_zone;
CREATE INDEX customers_by_zone ON customers (zone_id, hold, closed_at, expires_at, first_login_secs, activated_at, owner_id, package_id, billing_type, connection_type,
    registered_at, tenant_id);
DROP INDEX customers_by_package;
CREATE INDEX customers_by_package ON customers (package_id, hold, closed_at, expires_at, first_login_secs, activated_at, owner_id, zone_id, billing_type,
    connection_type, tenant_id);
DROP INDEX customers_held;
CREATE INDEX customers_held ON customers (hold, zone_id, owner_id, package_id, closed_at, tenant_id) WHERE hold <> 'none';
CREATE INDEX customers_by_code ON customers (tenant_id, LOWER(code));
-- Whether somebody is online is asked of many customers at once.
DROP INDEX sessions_by_customer;
CREATE INDEX sessions_by_customer ON sessions (tenant_id, customer_id, started_at, ended_at);
-- And by its id a session of the last day is searched for; only its begin writes there.
CREATE INDEX sessions_by_id ON sessions (tenant_id, acct_session_id, session_key);

-- Actions that a router does not follow, the few among many unfinished ones.
CREATE INDEX actions_troubled ON actions (created_at, id, tenant_id) WHERE state IN ('waiting', 'sent', 'acknowledged', 'drift') AND note <> '';

-- Three letters and more of a name, wherever they stand in it. Both are in lower case already.
CREATE VIRTUAL TABLE customer_names USING fts5(name_key, content = 'customers', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER customer_named AFTER INSERT ON customers BEGIN
    INSERT INTO customer_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER customer_renamed AFTER UPDATE OF name_key ON customers WHEN old.name_key <> new.name_key BEGIN
    INSERT INTO customer_names (customer_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
    INSERT INTO customer_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER customer_unnamed AFTER DELETE ON customers BEGIN
    INSERT INTO customer_names (customer_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
END;
INSERT INTO customer_names (customer_names) VALUES ('rebuild');
