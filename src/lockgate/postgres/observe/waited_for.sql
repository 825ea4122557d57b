-- The sessions whose transactions have to end before a session goes on.
SELECT h.pid AS pid
  FROM pg_catalog.pg_locks AS w
  JOIN pg_catalog.pg_locks AS h ON h.locktype = 'virtualxid' AND h.virtualxid = w.virtualxid
 WHERE w.pid = %s AND w.locktype = 'virtualxid' AND NOT w.granted AND h.granted
