-- Composite types. The order of attributes is structure: a row's text has no names.
SELECT 'type' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.typname) AS name,
       'composite' AS form,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'c'
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
