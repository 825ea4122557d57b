-- Foreign keys, with the columns on either side, and whether a change is carried on.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table",
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.pg_attribute AS a
               WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
               ORDER BY a.attnum) AS columns,
       pg_catalog.format('%I.%I', rn.nspname, r.relname) AS referenced,
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.pg_attribute AS a
               WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)
               ORDER BY a.attnum) AS keys,
       k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') AS cascades
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
  JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
 WHERE k.contype = 'f'
 ORDER BY 1, 3, k.conname
