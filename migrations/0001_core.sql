-- The core of a store: what it is, who leases ids, what changed, whose it is, and what AAA needs.
-- Instants are unix milliseconds UTC; ids are made by the program; secrets are sealed under the key file.

CREATE TABLE store_info (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    store_id BYTEA NOT NULL,
    key_check BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE process_slots (
    slot BIGINT PRIMARY KEY,
    owner TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);

-- Change feed: seq is handed out by updating the head late in the transaction, so commit order = seq order, without gaps.
CREATE TABLE feed_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    trimmed BIGINT NOT NULL
);
INSERT INTO feed_head (id, seq, trimmed) VALUES (1, 0, 0);

CREATE TABLE feed (
    seq BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    table_name TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    case_sensitive_usernames BOOLEAN NOT NULL DEFAULT FALSE,
    cross_provider_login BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    parent_id BIGINT REFERENCES accounts (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE routers (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    nas_identifier TEXT NOT NULL DEFAULT '',
    secret BYTEA NOT NULL,
    next_secret BYTEA,
    message_authenticator TEXT NOT NULL CHECK (message_authenticator IN ('auto', 'require', 'accept')),
    limit_proxy_state BOOLEAN NOT NULL,
    swap_octets BOOLEAN NOT NULL,
    coa_port BIGINT NOT NULL,
    adopt TEXT NOT NULL CHECK (adopt IN ('from-now', 'all')),
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

-- Several routers may share one NAT address; then their NAS-Identifiers differ.
CREATE TABLE router_addresses (
    prefix TEXT NOT NULL,
    nas_identifier TEXT NOT NULL DEFAULT '',
    router_id BIGINT NOT NULL REFERENCES routers (id),
    tenant_id BIGINT NOT NULL,
    PRIMARY KEY (prefix, nas_identifier)
);
CREATE INDEX router_addresses_by_router ON router_addresses (router_id);

-- What `auto` learned, per source address: a row means that this address always signs, so unsigned requests are dropped.
CREATE TABLE router_learned (
    router_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    tenant_id BIGINT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (router_id, address)
);

-- Counters that a running server publishes for `router ls` and `doctor`; nothing depends on them.
CREATE TABLE router_counters (
    router_id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    access_requests BIGINT NOT NULL,
    accepts BIGINT NOT NULL,
    rejects BIGINT NOT NULL,
    accounting_requests BIGINT NOT NULL,
    bad_authenticator BIGINT NOT NULL,
    bad_message_authenticator BIGINT NOT NULL,
    missing_message_authenticator BIGINT NOT NULL,
    proxy_state_drops BIGINT NOT NULL,
    garbled_passwords BIGINT NOT NULL,
    clock_skew_secs BIGINT NOT NULL,
    last_access_at BIGINT NOT NULL,
    last_accounting_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE unknown_sources (
    address TEXT PRIMARY KEY,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    packets BIGINT NOT NULL,
    nas_identifier TEXT NOT NULL DEFAULT ''
);

CREATE TABLE packages (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    download_bps BIGINT,
    upload_bps BIGINT,
    burst_download_bps BIGINT,
    burst_upload_bps BIGINT,
    burst_threshold_download_bps BIGINT,
    burst_threshold_upload_bps BIGINT,
    burst_download_secs BIGINT,
    burst_upload_secs BIGINT,
    priority BIGINT CHECK (priority BETWEEN 1 AND 8),
    min_download_bps BIGINT,
    min_upload_bps BIGINT,
    framed_pool TEXT,
    address_list TEXT,
    session_timeout_secs BIGINT,
    idle_timeout_secs BIGINT,
    interim_secs BIGINT NOT NULL,
    mikrotik_group TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE customers (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '',
    zone_id BIGINT,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,
    password BYTEA NOT NULL,
    package_id BIGINT NOT NULL REFERENCES packages (id),
    expires_at BIGINT,
    hold TEXT NOT NULL DEFAULT 'none' CHECK (hold IN ('none', 'suspended', 'disabled')),
    hold_reason TEXT NOT NULL DEFAULT '',
    connection_type TEXT NOT NULL,
    billing_type TEXT NOT NULL,
    device_type TEXT NOT NULL DEFAULT '',
    static_ipv4 TEXT,
    framed_ipv6_prefix TEXT,
    delegated_ipv6_prefix TEXT,
    framed_pool TEXT,
    simultaneous_sessions BIGINT,
    reply_attributes TEXT NOT NULL DEFAULT '',
    registered_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, username_key),
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, static_ipv4)
);
CREATE INDEX customers_by_package ON customers (package_id);

CREATE TABLE customer_macs (
    tenant_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    mac TEXT NOT NULL,
    PRIMARY KEY (customer_id, mac)
);
CREATE INDEX customer_macs_by_mac ON customer_macs (tenant_id, mac);
