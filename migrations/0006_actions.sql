-- Enforcement: what routers were told to do about sessions, until it is proven; and which node tells which router.

-- RouterOS needs neither attribute in CoA and Disconnect requests; routers that demand them are told so one by one.
ALTER TABLE routers ADD COLUMN coa_message_authenticator BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE routers ADD COLUMN coa_event_timestamp BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE actions (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    router_id BIGINT NOT NULL,
    nas_instance BIGINT NOT NULL,
    session_key BYTEA NOT NULL,
    customer_id BIGINT,
    acct_session_id TEXT NOT NULL,
    username TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('coa', 'disconnect', 'kick')),
    reason TEXT NOT NULL,
    -- What was to change, for people.
    wanted TEXT NOT NULL,
    -- What the router was told in all once it acknowledged, for the program; empty for what ends a session.
    granted BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'acknowledged', 'proven', 'drift', 'gone', 'given-up')),
    note TEXT NOT NULL,
    tries BIGINT NOT NULL,
    error_cause BIGINT,
    next_try_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    proven_at BIGINT
);
CREATE INDEX actions_unfinished ON actions (id) WHERE state IN ('waiting', 'sent', 'acknowledged', 'drift');
CREATE INDEX actions_by_time ON actions (tenant_id, created_at);
CREATE INDEX actions_by_session ON actions (tenant_id, session_key);

-- Which node enforces on a router: the one whose journal gets its accounting, until it falls silent.
CREATE TABLE router_leases (
    router_id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL,
    node TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    heard_at BIGINT NOT NULL
);
