-- Sessions that ended a day ago or more: `sessions` keeps those that events still speak of, and stays small. A session is in one of the two, never in both.
CREATE TABLE closed_sessions (
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
CREATE INDEX closed_sessions_by_username ON closed_sessions (tenant_id, LOWER(username), session_key);
CREATE INDEX closed_sessions_by_id ON closed_sessions (tenant_id, acct_session_id, session_key);
