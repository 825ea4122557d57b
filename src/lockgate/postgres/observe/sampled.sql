-- Locks on relations that the sessions of one statement hold or wait for at this moment: the
-- statement's own, and those of the two gates on pg_class (oid 1259).
SELECT l.pid AS pid,
       l.relation::pg_catalog.int8 AS oid,
       l.mode AS mode,
       l.granted AS granted
  FROM pg_catalog.pg_locks AS l
 WHERE l.pid = ANY (%s) AND l.locktype = 'relation' AND l.relation IS NOT NULL
   AND (l.relation >= 16384 OR l.relation = 1259)
   AND l.database = (SELECT d.oid
                       FROM pg_catalog.pg_database AS d
                      WHERE d.datname = pg_catalog.current_database())
