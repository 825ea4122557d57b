-- What pg_stat_statements has kept of this database, the busiest first. A role without
-- pg_read_all_stats gets only its own texts.
SELECT s.query, s.calls, s.mean_exec_time
  FROM {schema}.pg_stat_statements AS s
  JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
 WHERE d.datname = pg_catalog.current_database()
   AND s.queryid IS NOT NULL
 ORDER BY s.total_exec_time DESC
 LIMIT 2000
