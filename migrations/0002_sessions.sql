-- Accounting: sessions, usage per session and local day, where each journal stands, and the decisions worth keeping.

-- The box behind a router entry: entry, NAS-Identifier and NAS address, named by their hash so that every node names it alike.
CREATE TABLE nas_instances (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    router_id BIGINT NOT NULL,
    nas_identifier TEXT NOT NULL,
    nas_address TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    tenant_id BIGINT NOT NULL,
    session_key BYTEA NOT NULL,
    nas_instance BIGINT NOT NULL,
    router_id BIGINT NOT NULL,
    customer_id BIGINT,
    acct_session_id TEXT NOT NULL,
    username TEXT NOT NULL,
    mac TEXT NOT NULL,
    called_station TEXT NOT NULL,
    nas_port_id TEXT NOT NULL,
    framed_ip TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    last_event_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_inferred BOOLEAN NOT NULL,
    terminate_cause BIGINT NOT NULL,
    session_secs BIGINT NOT NULL,
    octets_in BIGINT NOT NULL,
    octets_out BIGINT NOT NULL,
    uncharged_in BIGINT NOT NULL,
    uncharged_out BIGINT NOT NULL,
    uncharged_secs BIGINT NOT NULL,
    flags BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_key)
);
CREATE INDEX sessions_open ON sessions (nas_instance) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_customer ON sessions (tenant_id, customer_id, started_at);

CREATE TABLE usage (
    tenant_id BIGINT NOT NULL,
    session_key BYTEA NOT NULL,
    day BIGINT NOT NULL,
    charging_class BIGINT NOT NULL,
    customer_id BIGINT,
    octets_in BIGINT NOT NULL,
    octets_out BIGINT NOT NULL,
    secs BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, session_key, day, charging_class)
);
CREATE INDEX usage_by_customer ON usage (tenant_id, customer_id, day);

CREATE TABLE journals (
    journal_id BIGINT PRIMARY KEY,
    node TEXT NOT NULL,
    applied_seq BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE decisions (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    router_id BIGINT NOT NULL,
    customer_id BIGINT,
    username TEXT NOT NULL,
    mac TEXT NOT NULL,
    reason TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    repeats BIGINT NOT NULL
);
CREATE INDEX decisions_by_time ON decisions (tenant_id, last_at);
CREATE INDEX decisions_by_customer ON decisions (tenant_id, customer_id, last_at);
