-- The database as a whole: when it was read, since when it counts, the oldest transaction that
-- this role can see, how large it is where it may ask.
SELECT pg_catalog.clock_timestamp() AS read_at,
       extract(epoch FROM pg_catalog.clock_timestamp() - d.stats_reset)::float8 AS counted_seconds,
       extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_postmaster_start_time())::float8
           AS up_seconds,
       extract(epoch FROM pg_catalog.clock_timestamp() - least(
           (SELECT min(a.xact_start)
              FROM pg_catalog.pg_stat_activity AS a
             WHERE a.datname = pg_catalog.current_database()
               AND a.pid <> pg_catalog.pg_backend_pid()),
           (SELECT min(p.prepared)
              FROM pg_catalog.pg_prepared_xacts AS p
             WHERE p.database = pg_catalog.current_database())))::float8 * 1000 AS oldest_ms,
       CASE WHEN pg_catalog.has_database_privilege(d.datid, 'CONNECT')
            THEN pg_catalog.pg_database_size(d.datid) END AS bytes,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       (SELECT pg_catalog.quote_ident(n.nspname)
          FROM pg_catalog.pg_extension AS e
          JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_stat_statements') AS statements_schema
  FROM pg_catalog.pg_stat_database AS d
 WHERE d.datname = pg_catalog.current_database()
