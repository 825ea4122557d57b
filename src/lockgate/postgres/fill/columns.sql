-- Columns that take values, generated ones left out; of a domain, its base type and its rules.
SELECT a.attrelid::bigint AS "table",
       a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       b.typname::text AS base,
       b.typcategory::text AS category,
       a.attnotnull OR t.typnotnull AS not_null,
       CASE WHEN m.mod < 4 THEN NULL
            WHEN b.typname IN ('varchar', 'bpchar') THEN m.mod - 4
            WHEN b.typname = 'numeric' THEN ((m.mod - 4) >> 16) & 65535 END AS length,
       CASE WHEN b.typname = 'numeric' AND m.mod >= 4 THEN (m.mod - 4) & 2047 END AS scale,
       e.typname::text AS element,
       CASE WHEN e.oid IS NOT NULL THEN pg_catalog.format_type(e.oid, NULL) END AS element_type,
       CASE WHEN b.typtype = 'e' THEN ARRAY (SELECT l.enumlabel::text
                                              FROM pg_catalog.pg_enum AS l
                                             WHERE l.enumtypid = b.oid
                                             ORDER BY l.enumsortorder) ELSE '{}' END AS labels,
       a.atthasdef OR a.attidentity <> '' AS has_default,
       CASE WHEN t.typtype = 'd' THEN ARRAY (SELECT pg_catalog.pg_get_expr(k.conbin, 0)
                                              FROM pg_catalog.pg_constraint AS k
                                             WHERE k.contypid = t.oid AND k.contype = 'c'
                                             ORDER BY k.conname) ELSE '{}' END AS rules
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_type AS b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_catalog.pg_type AS e ON e.oid = b.typelem AND b.typcategory = 'A'
 CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod
                                 ELSE a.atttypmod END AS mod) AS m
 WHERE c.relkind = 'r'
   AND a.attnum > 0
   AND NOT a.attisdropped
   AND a.attgenerated = ''
 ORDER BY a.attrelid, a.attnum
