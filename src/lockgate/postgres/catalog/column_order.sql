-- The order of each table's columns.
SELECT 'column order' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS definition
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relkind IN ('r', 'p', 'f')
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
 GROUP BY c.oid, n.nspname, c.relname
HAVING pg_catalog.count(*) > 1
