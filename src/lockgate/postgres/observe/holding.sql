-- What is partitioned or inherits, or all tables, and what locks each until its transaction is
-- rolled back: a statement may lock one and let it go without a write to pg_class. COMMENT holds an
-- index in SHARE UPDATE EXCLUSIVE mode. In the order opposite to the one in which a statement is likely to ask.
SELECT c.oid::pg_catalog.int8 AS oid,
       CASE WHEN c.relkind IN ('i', 'I')
            THEN pg_catalog.format('COMMENT ON INDEX %%I.%%I IS NULL', n.nspname, c.relname)
            ELSE pg_catalog.format('LOCK TABLE ONLY %%I.%%I IN %%s MODE', n.nspname, c.relname,
                                   %(mode)s::pg_catalog.text)
       END AS lock
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'i', 'I') AND c.relpersistence <> 't'
   AND c.oid IN (SELECT t.partrelid
                   FROM pg_catalog.pg_partitioned_table AS t
                  UNION ALL
                 SELECT i.indexrelid
                   FROM pg_catalog.pg_partitioned_table AS t
                   JOIN pg_catalog.pg_index AS i ON i.indrelid = t.partrelid
                  UNION ALL
                 SELECT h.inhrelid
                   FROM pg_catalog.pg_inherits AS h
                  UNION ALL
                 SELECT r.oid
                   FROM pg_catalog.pg_class AS r
                  WHERE %(all)s AND r.relkind = 'r')
 ORDER BY c.relkind IN ('r', 'p'), c.oid DESC
