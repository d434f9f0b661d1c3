-- Storage parameters are PostgreSQL's alone (migrations/postgres/); SQLite has none to set.
SELECT 1;
