-- Interim updates rewrite counters only: room in each page lets them stay in place (HOT) without touching an index.
ALTER TABLE sessions SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE usage SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE journals SET (fillfactor = 50);
ALTER TABLE router_counters SET (fillfactor = 50);
