-- Accounts: the tree below each tenant's Super Admin, roles and permissions as data, sign-ins, API keys and the audit log.

ALTER TABLE tenants ADD COLUMN access_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN host_name TEXT;
CREATE UNIQUE INDEX tenants_by_host_name ON tenants (host_name);

-- The path is the ids of all ancestors and of the account itself, 19 digits each: a subtree is a range of paths, the ancestors are read off it.
ALTER TABLE accounts ADD COLUMN path TEXT NOT NULL DEFAULT '';
-- What people sign in with: the name in lower case, or the e-mail address. A name never holds @, so the two cannot be mistaken for each other.
-- Without a host name the tenant is not known yet, so the indexes begin with the name.
ALTER TABLE accounts ADD COLUMN name_key TEXT;
ALTER TABLE accounts ADD COLUMN email TEXT;
ALTER TABLE accounts ADD COLUMN email_key TEXT;
ALTER TABLE accounts ADD COLUMN full_name TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN password TEXT;
ALTER TABLE accounts ADD COLUMN password_at BIGINT;
ALTER TABLE accounts ADD COLUMN totp_secret BYTEA;
ALTER TABLE accounts ADD COLUMN totp_at BIGINT;
ALTER TABLE accounts ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN suspended_at BIGINT;
ALTER TABLE accounts ADD COLUMN suspended_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN disabled_menus TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;

-- Each tenant gets its Super Admin, above the providers that it has. His id is the tenant's: ids are unique over all tables, so no account has it.
UPDATE accounts SET parent_id = NULL WHERE parent_id IS NOT NULL AND role = 'admin';
INSERT INTO accounts (id, tenant_id, parent_id, name, role, created_at) SELECT id, id, NULL, 'super-admin', 'super-admin', created_at FROM tenants;
UPDATE accounts SET parent_id = tenant_id WHERE parent_id IS NULL AND role = 'admin';
UPDATE accounts SET name_key = lower(name);
UPDATE accounts SET path = substr('0000000000000000000' || CAST(id AS TEXT), length(CAST(id AS TEXT)) + 1) WHERE parent_id IS NULL;
UPDATE accounts SET path = (SELECT p.path FROM accounts p WHERE p.id = accounts.parent_id)
    || substr('0000000000000000000' || CAST(id AS TEXT), length(CAST(id AS TEXT)) + 1) WHERE parent_id IS NOT NULL;
CREATE UNIQUE INDEX accounts_by_name_key ON accounts (name_key, tenant_id);
CREATE UNIQUE INDEX accounts_by_email_key ON accounts (email_key, tenant_id);
CREATE INDEX accounts_by_path ON accounts (tenant_id, path);
CREATE INDEX accounts_suspended ON accounts (tenant_id, path) WHERE suspended_at IS NOT NULL;

-- What a tenant changed of the presets; a role without a row is as the program has it.
CREATE TABLE role_changes (
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    role TEXT NOT NULL,
    label TEXT,
    level BIGINT,
    added TEXT NOT NULL DEFAULT '',
    withheld TEXT NOT NULL DEFAULT '',
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, role)
);

-- Permissions one by one. Without a granter it was the command line.
CREATE TABLE account_permissions (
    tenant_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    capability TEXT NOT NULL,
    resource TEXT NOT NULL DEFAULT '',
    granter_id BIGINT,
    granted_by TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (account_id, capability, resource)
);

-- Tokens, codes and links are kept as SHA-256 of what only their holder has.
CREATE TABLE sign_ins (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    token_hash BYTEA NOT NULL UNIQUE,
    stage TEXT NOT NULL CHECK (stage IN ('second-factor', 'open')),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT NOT NULL DEFAULT '',
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    proven_at BIGINT NOT NULL,
    as_account_id BIGINT,
    as_reason TEXT NOT NULL DEFAULT '',
    as_until BIGINT
);
CREATE INDEX sign_ins_by_account ON sign_ins (account_id, created_at);

CREATE TABLE setup_links (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX setup_links_by_account ON setup_links (account_id);

CREATE TABLE recovery_codes (
    tenant_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    code_hash BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account_id, code_hash)
);

CREATE TABLE api_keys (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    capabilities TEXT NOT NULL,
    networks TEXT NOT NULL,
    hourly_limit BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    last_ip TEXT NOT NULL DEFAULT ''
);
CREATE INDEX api_keys_by_account ON api_keys (account_id);

CREATE TABLE api_key_hours (
    tenant_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL REFERENCES api_keys (id),
    hour BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (key_id, hour)
);

-- The audit log: numbered without gaps in commit order, as the feed is.
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO audit_head (id, seq) VALUES (1, 0);

CREATE TABLE audit_log (
    seq BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_id BIGINT,
    actor TEXT NOT NULL,
    on_behalf_id BIGINT,
    on_behalf_of TEXT NOT NULL,
    source TEXT NOT NULL,
    verb TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    object TEXT NOT NULL,
    owner_id BIGINT,
    changes TEXT NOT NULL,
    request_id TEXT NOT NULL,
    ip TEXT NOT NULL
);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, seq);
CREATE INDEX audit_log_by_object ON audit_log (tenant_id, kind, object_id, seq);
CREATE INDEX audit_log_by_actor ON audit_log (tenant_id, actor_id, seq);
CREATE INDEX audit_log_by_owner ON audit_log (tenant_id, owner_id, seq);
CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_keeps_values BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
