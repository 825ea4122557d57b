-- Columns that take values, generated ones left out.
SELECT a.attrelid::bigint AS "table",
       a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       a.atttypid::bigint AS type_oid,
       a.atttypmod AS modifier,
       a.attnotnull AS not_null,
       a.atthasdef OR a.attidentity <> '' AS has_default
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
 WHERE c.relkind = 'r'
   AND a.attnum > 0
   AND NOT a.attisdropped
   AND a.attgenerated = ''
 ORDER BY a.attrelid, a.attnum
