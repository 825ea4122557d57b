-- The types of all columns, and those that they are made of: of a domain the one below it, of an
-- array its element, of a range what it is over, of a multirange its range, of a composite type
-- its attributes.
  WITH RECURSIVE used AS (
SELECT a.atttypid AS oid
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND a.attnum > 0
   AND NOT a.attisdropped
   AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'lockgate')
 UNION
SELECT inside.oid
  FROM used AS u
  JOIN pg_catalog.pg_type AS t ON t.oid = u.oid
 CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
     UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
     UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid
     UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range AS r WHERE r.rngmultitypid = t.oid
     UNION ALL SELECT a.atttypid
                 FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS inside)
SELECT t.oid::bigint AS oid,
       t.typname::text AS name,
       pg_catalog.format_type(t.oid, NULL) AS type,
       t.typcategory::text AS category,
       t.typtype::text AS kind,
       t.typnotnull AS not_null,
       t.typtypmod AS modifier,
       t.typbasetype::bigint AS below,
       CASE WHEN t.typcategory = 'A' THEN t.typelem::bigint END AS element,
       (SELECT r.rngsubtype::bigint FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid) AS over,
       (SELECT r.rngtypid::bigint FROM pg_catalog.pg_range AS r WHERE r.rngmultitypid = t.oid) AS range,
       ARRAY (SELECT l.enumlabel::text
                FROM pg_catalog.pg_enum AS l
               WHERE l.enumtypid = t.oid
               ORDER BY l.enumsortorder) AS labels,
       ARRAY (SELECT pg_catalog.pg_get_expr(k.conbin, 0)
                FROM pg_catalog.pg_constraint AS k
               WHERE k.contypid = t.oid AND k.contype = 'c'
               ORDER BY k.conname) AS rules,
       a.names, a.types, a.modifiers
  FROM used
  JOIN pg_catalog.pg_type AS t ON t.oid = used.oid
 CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') AS names,
           coalesce(array_agg(a.atttypid::bigint ORDER BY a.attnum), '{}') AS types,
           coalesce(array_agg(a.atttypmod ORDER BY a.attnum), '{}') AS modifiers
      FROM pg_catalog.pg_attribute AS a
     WHERE a.attrelid = t.typrelid AND t.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped) AS a
 ORDER BY t.oid
