-- Names that tenants have had, full names as they are looked for, and how long a second factor waits to be confirmed.

-- Every name of a tenant leads to it and to no other, also one that it gave up: a command, a configuration file or somebody at the door may still say it.
CREATE TABLE tenant_names (
    name TEXT PRIMARY KEY,
    tenant_id BIGINT NOT NULL REFERENCES tenants (id)
);
INSERT INTO tenant_names (name, tenant_id) SELECT name, id FROM tenants;

-- The full name in lower case. What the databases call so differs, so the program writes it; `tollgate migrate` does for accounts of before.
ALTER TABLE accounts ADD COLUMN full_name_key TEXT;
-- When the secret was shown that waits to be confirmed. One of before has waited long enough.
ALTER TABLE accounts ADD COLUMN totp_begun_at BIGINT;

-- Nobody ever read it.
ALTER TABLE sign_ins DROP COLUMN proven_at;
