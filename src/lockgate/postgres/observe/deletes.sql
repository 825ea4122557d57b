-- What deletes the rows of each table that somebody made.
SELECT pg_catalog.format('DELETE FROM ONLY %I.%I', n.nspname, c.relname) AS "delete"
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND c.relkind = 'r' AND n.nspname <> 'pg_toast'
 ORDER BY c.oid
