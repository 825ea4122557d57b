-- Attributes of composite types.
SELECT 'attribute' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, c.relname, a.attname) AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation
            THEN pg_catalog.format('%%I.%%I', kn.nspname, k.collname) END AS collation
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation AS k ON k.oid = a.attcollation
  LEFT JOIN pg_catalog.pg_namespace AS kn ON kn.oid = k.collnamespace
 WHERE c.relkind = 'c'
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.reltype <> ALL (%(left_out_types)s::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
