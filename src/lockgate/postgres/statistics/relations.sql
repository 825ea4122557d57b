-- Tables and materialized views. Rows as the planner estimates them: the density that VACUUM or
-- ANALYZE found last, times the pages there are now; of a table that neither has seen, the density
-- that its columns' types suggest and 10 pages at least. Sizes are asked of the file system, and
-- taken from the last VACUUM where a table is locked against that (%(sizes)s is false).
  WITH relation AS (
SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.reltuples, c.relpages, c.relallvisible,
       c.reltoastrelid,
       c.relispartition, c.reloptions,
       pg_catalog.current_setting('block_size')::bigint AS block,
       CASE WHEN c.relkind = 'p' THEN 0
            WHEN %(sizes)s THEN pg_catalog.pg_relation_size(c.oid)
            ELSE c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint END AS heap_bytes
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm')
   AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'lockgate'))
SELECT c.oid::bigint AS oid,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'
                      ELSE 'materialized view' END AS kind,
       CASE WHEN c.relkind = 'p' OR c.heap_bytes = 0 THEN 0
            WHEN c.reltuples >= 0 AND c.relpages > 0
            THEN c.reltuples::float8 / c.relpages * (c.heap_bytes / c.block)
            ELSE c.heap_bytes / c.block
                 * ((c.block - 24) / (28 + (SELECT coalesce(sum(
                        CASE WHEN t.typlen > 0 THEN t.typlen
                             WHEN a.atttypmod BETWEEN 5 AND 36 THEN a.atttypmod - 4
                             ELSE 32 END), 0)
                      FROM pg_catalog.pg_attribute AS a
                      JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)))
            END::bigint AS rows,
       c.heap_bytes = 0 OR c.reltuples >= 0 AND c.relpages > 0 AS analyzed,
       c.heap_bytes,
       CASE WHEN c.reltoastrelid = 0 THEN 0
            WHEN %(sizes)s THEN pg_catalog.pg_total_relation_size(c.reltoastrelid)
            ELSE (SELECT t.relpages::bigint * c.block
                    FROM pg_catalog.pg_class AS t
                   WHERE t.oid = c.reltoastrelid) END AS toast_bytes,
       coalesce((SELECT o.option_value::integer
                   FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
                  WHERE o.option_name = 'fillfactor'), 100) AS fillfactor,
       CASE WHEN c.relispartition THEN
       (SELECT pg_catalog.format('%%I.%%I', pn.nspname, p.relname)
          FROM pg_catalog.pg_inherits AS h
          JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
          JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
         WHERE h.inhrelid = c.oid) END AS parent,
       coalesce(c.relallvisible::float8
                / nullif(greatest(c.relpages, c.heap_bytes / c.block), 0), 0) AS all_visible,
       coalesce(s.n_dead_tup, 0) AS dead_rows,
       s.n_tup_ins AS inserts,
       s.n_tup_upd AS updates,
       s.n_tup_del AS deletes,
       s.seq_scan AS sequential_scans,
       s.idx_scan AS index_scans,
       (SELECT count(DISTINCT l.pid)
          FROM pg_catalog.pg_locks AS l
         WHERE l.locktype = 'relation'
           AND l.relation = c.oid
           AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                              WHERE d.datname = pg_catalog.current_database())
           AND l.pid <> pg_catalog.pg_backend_pid())::integer AS sessions
  FROM relation AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid
 ORDER BY 2
