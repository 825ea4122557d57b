-- Sessions that wait for a lock, and each session in their way.
-- Waits for advisory locks and virtual transactions are left out: applications queue on the one
-- on purpose, and CREATE INDEX CONCURRENTLY waits on the other without holding anybody up.
SELECT a.pid,
       coalesce(a.usename::text, ''),
       coalesce(a.application_name, ''),
       CASE WHEN l.locktype = 'transactionid' THEN 'a row'
            WHEN l.relation IS NULL THEN l.mode || ' on ' || l.locktype
            ELSE l.mode || ' on ' || l.relation::pg_catalog.regclass::text
       END,
       extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart)::float8 * 1000,
       coalesce(pg_catalog.left(a.query, 200), ''),
       b.pid,
       coalesce(h.application_name, ''),
       coalesce(h.state, ''),
       coalesce(pg_catalog.left(h.query, 200), '')
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
 CROSS JOIN LATERAL (SELECT DISTINCT u.pid
                       FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(l.pid)) AS u (pid)) AS b
  LEFT JOIN pg_catalog.pg_stat_activity AS h ON h.pid = b.pid
 WHERE NOT l.granted
   AND l.locktype NOT IN ('advisory', 'virtualxid')
   AND a.datname = pg_catalog.current_database()
   AND pg_catalog.clock_timestamp() - l.waitstart
       > pg_catalog.make_interval(secs => %(longer_than_ms)s / 1000.0)
 ORDER BY l.waitstart, a.pid, b.pid
