-- Whether a session waits for a lock, of which it says so only when it stands in the queue.
SELECT a.wait_event_type = 'Lock' AS stopped
  FROM pg_catalog.pg_stat_get_activity(%s::pg_catalog.int4) AS a
