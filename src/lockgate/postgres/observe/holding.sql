-- Relations that a statement may lock and let go without a write to pg_class, and what locks each
-- until its transaction ends: what is partitioned or inherits, or all; those first that are likely.
-- LOCK TABLE lacks its mode here. What is no table is told to move to the tablespace where it is.
  WITH likely AS (
           SELECT pg_catalog.to_regclass(name)::pg_catalog.oid AS oid
             FROM pg_catalog.unnest(%(likely)s::pg_catalog.text[]) AS name),
       found AS (
           SELECT partrelid AS oid
             FROM pg_catalog.pg_partitioned_table
            UNION
           SELECT i.indexrelid
             FROM pg_catalog.pg_partitioned_table AS t
             JOIN pg_catalog.pg_index AS i ON i.indrelid = t.partrelid
            UNION
           SELECT inhrelid
             FROM pg_catalog.pg_inherits
            UNION
           SELECT inhparent
             FROM pg_catalog.pg_inherits
            UNION
           SELECT oid
             FROM likely
            WHERE %(named)s
            UNION
           SELECT oid
             FROM pg_catalog.pg_class
            WHERE %(everywhere)s AND relkind IN ('r', 'm'))
SELECT c.oid::pg_catalog.int8 AS oid,
       CASE WHEN c.relkind IN ('r', 'p')
            THEN pg_catalog.format('LOCK TABLE ONLY %%I.%%I IN ', n.nspname, c.relname)
            ELSE pg_catalog.format('ALTER %%s %%I.%%I SET TABLESPACE %%I',
                                   CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'INDEX' END,
                                   n.nspname, c.relname, s.spcname)
       END AS lock,
       c.oid IN (SELECT oid FROM likely) AS is_likely
  FROM found
  JOIN pg_catalog.pg_class AS c ON c.oid = found.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
  JOIN pg_catalog.pg_tablespace AS s
    ON s.oid = coalesce(nullif(c.reltablespace, 0), d.dattablespace)
 WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
   AND c.relkind IN ('r', 'p', 'm', 'i', 'I')
 ORDER BY is_likely DESC, c.relkind IN ('i', 'I', 'm'), c.oid
 LIMIT %(most)s
