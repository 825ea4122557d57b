-- Partitioned tables: a statement may lock one and let it go without a write to pg_class.
SELECT c.oid::pg_catalog.int8 AS oid,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'p' AND c.oid >= 16384
 ORDER BY c.oid
