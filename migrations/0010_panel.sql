-- What the panel keeps: language of accounts and tenants, rows per page, the tenant in which a Developer works, links that sign in by themselves.

ALTER TABLE accounts ADD COLUMN language TEXT;
ALTER TABLE accounts ADD COLUMN page_rows BIGINT;
ALTER TABLE tenants ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE sign_ins ADD COLUMN works_in BIGINT;
ALTER TABLE setup_links ADD COLUMN signs_in BOOLEAN NOT NULL DEFAULT FALSE;
