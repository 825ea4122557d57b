-- Sequences that fill a column: by serial, by identity, or because somebody said OWNED BY. The largest
-- value of a column that leads a whole btree index stands at the end of it.
SELECT s.schemaname::text AS schema,
       s.sequencename::text AS sequence,
       pg_catalog.format('%I.%I', s.schemaname, s.sequencename) AS name,
       n.nspname::text AS table_schema,
       t.relname::text AS table_name,
       a.attname::text AS column_name,
       pg_catalog.format('%I.%I.%I', n.nspname, t.relname, a.attname) AS column,
       coalesce(s.last_value + s.increment_by, s.start_value) AS next_value,
       s.increment_by > 0 AS ascending,
       EXISTS (SELECT 1
                 FROM pg_catalog.pg_index AS i
                 JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
                 JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
                WHERE i.indrelid = t.oid AND m.amname = 'btree' AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = a.attnum) AS indexed,
       pg_catalog.has_column_privilege(t.oid, a.attnum, 'SELECT') AS readable
  FROM pg_catalog.pg_sequences AS s
  JOIN pg_catalog.pg_namespace AS sn ON sn.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = sn.oid AND c.relname = s.sequencename
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.objid = c.oid
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjsubid > 0
   AND d.deptype IN ('a', 'i')
  JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
 WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND n.nspname <> 'lockgate'
 ORDER BY 3
