-- Locks of this session on relations that somebody made, with the scans that it has counted there
-- since it last handed its counters over; without a mode, relations that it had counted some on before.
SELECT l.relation::pg_catalog.int8 AS oid,
       l.mode AS mode,
       pg_catalog.pg_stat_get_xact_numscans(l.relation) AS scans
  FROM pg_catalog.pg_locks AS l
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
   AND l.relation >= 16384
   AND l.database = (SELECT d.oid
                       FROM pg_catalog.pg_database AS d
                      WHERE d.datname = pg_catalog.current_database())
 UNION ALL
SELECT met::pg_catalog.int8, NULL, pg_catalog.pg_stat_get_xact_numscans(met)
  FROM pg_catalog.unnest('{}'::pg_catalog.oid[]) AS met
