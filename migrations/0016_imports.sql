-- Files of customers that people sent to be looked at before anything is written. The content holds passwords and is sealed; files go after a week, or two.

CREATE TABLE imports (
    id BIGINT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id),
    -- Who sent it; only he sees it.
    owner_id BIGINT NOT NULL REFERENCES accounts (id),
    file_name TEXT NOT NULL,
    content BYTEA NOT NULL,
    -- How it is read, JSON.
    layout TEXT NOT NULL,
    -- Whose the customers become.
    for_id BIGINT NOT NULL REFERENCES accounts (id),
    -- The job that writes it, once asked.
    job_id BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX imports_by_owner ON imports (tenant_id, owner_id, created_at);
