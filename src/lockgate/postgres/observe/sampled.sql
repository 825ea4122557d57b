-- Locks on relations that the session of a statement, and the one that queues behind it, hold or
-- wait for at this moment; relation 0 where it waits for the end of another's transaction.
SELECT l.pid AS pid,
       coalesce(l.relation, 0)::pg_catalog.int8 AS oid,
       l.mode AS mode,
       l.granted AS granted
  FROM pg_catalog.pg_locks AS l
 WHERE l.pid = ANY (%s)
   AND (l.locktype = 'relation' AND (l.relation >= 16384 OR l.relation = 1259)
        AND l.database = (SELECT d.oid
                            FROM pg_catalog.pg_database AS d
                           WHERE d.datname = pg_catalog.current_database())
        OR l.locktype = 'virtualxid' AND NOT l.granted)
