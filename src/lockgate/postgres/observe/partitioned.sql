-- Partitioned tables and indexes, and what locks each in SHARE UPDATE EXCLUSIVE mode until its
-- transaction is rolled back: a statement may lock one and let it go without a write to pg_class.
-- In the order opposite to the one in which a statement is likely to ask.
SELECT c.oid::pg_catalog.int8 AS oid,
       CASE c.relkind
            WHEN 'p' THEN pg_catalog.format(
                 'LOCK TABLE ONLY %I.%I IN SHARE UPDATE EXCLUSIVE MODE', n.nspname, c.relname)
            ELSE pg_catalog.format('COMMENT ON INDEX %I.%I IS NULL', n.nspname, c.relname)
       END AS lock
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('p', 'I') AND c.oid >= 16384
 ORDER BY c.relkind = 'p', c.oid DESC
