-- Work that goes on beside requests: what is queued, what runs, what became of it, and what runs by itself when.

CREATE TABLE jobs (
    id BIGINT PRIMARY KEY,
    -- Whose; the server's own without one.
    tenant_id BIGINT REFERENCES tenants (id),
    -- Who asked; nobody where it was a schedule, or whoever runs commands.
    owner_id BIGINT REFERENCES accounts (id),
    asked_by TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    -- The capability that asking for it takes.
    needs TEXT NOT NULL,
    -- Of those with the same lane one runs at a time.
    lane TEXT,
    arguments TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL,
    step TEXT NOT NULL DEFAULT '',
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT,
    result TEXT,
    error TEXT NOT NULL DEFAULT '',
    attempts BIGINT NOT NULL DEFAULT 0,
    run_at BIGINT NOT NULL,
    lease_owner TEXT NOT NULL DEFAULT '',
    leased_until BIGINT,
    cancel_asked_at BIGINT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    dismissed_at BIGINT
);
CREATE INDEX jobs_by_time ON jobs (created_at, id);
CREATE INDEX jobs_unfinished ON jobs (run_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_kind ON jobs (kind, state, ended_at);
CREATE INDEX jobs_by_end ON jobs (ended_at);
-- Two nodes can ask for the same lane at the same instant: the second is refused.
CREATE UNIQUE INDEX jobs_one_in_a_lane ON jobs (lane) WHERE state = 'running';

-- What became of each object of a job.
CREATE TABLE job_rows (
    job_id BIGINT NOT NULL REFERENCES jobs (id),
    number BIGINT NOT NULL,
    object_id BIGINT,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job_id, number)
);
CREATE INDEX job_rows_by_outcome ON job_rows (job_id, outcome, number);

-- When a kind runs by itself next. Tenant 0 is the server.
CREATE TABLE job_schedules (
    kind TEXT NOT NULL,
    tenant_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    interval_secs BIGINT NOT NULL,
    next_run_at BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (kind, tenant_id)
);
