-- Tables and partitioned indexes, and what locks each until its transaction is rolled back: a
-- statement may lock one and let it go without a write to pg_class. COMMENT holds an index in SHARE
-- UPDATE EXCLUSIVE mode. In the order opposite to the one in which a statement is likely to ask.
SELECT c.oid::pg_catalog.int8 AS oid,
       CASE c.relkind
            WHEN 'I' THEN pg_catalog.format('COMMENT ON INDEX %%I.%%I IS NULL', n.nspname, c.relname)
            ELSE pg_catalog.format('LOCK TABLE ONLY %%I.%%I IN %%s MODE', n.nspname, c.relname,
                                   %(mode)s::pg_catalog.text)
       END AS lock
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind::pg_catalog.text = ANY (%(kinds)s) AND c.oid >= 16384 AND c.relpersistence <> 't'
 ORDER BY c.relkind <> 'I', c.oid DESC
