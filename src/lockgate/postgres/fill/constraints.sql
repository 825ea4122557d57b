-- Checks and foreign keys, with the columns that they name.
SELECT c.conrelid::bigint AS "table",
       c.contype::text AS kind,
       c.conname::text AS name,
       CASE WHEN c.contype = 'c' THEN pg_catalog.pg_get_expr(c.conbin, c.conrelid) END AS expression,
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k (attnum, place)
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = c.conrelid AND a.attnum = k.attnum
               ORDER BY k.place) AS columns,
       CASE WHEN c.contype = 'f'
            THEN (SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
                    FROM pg_catalog.pg_class AS r
                    JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
                   WHERE r.oid = c.confrelid) END AS referenced,
       ARRAY (SELECT a.attname::text
                FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k (attnum, place)
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = c.confrelid AND a.attnum = k.attnum
               ORDER BY k.place) AS keys
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS t ON t.oid = c.conrelid
  JOIN pg_catalog.pg_class AS f ON f.oid = CASE c.contype WHEN 'f' THEN c.confrelid ELSE c.conrelid END
 WHERE c.contype IN ('c', 'f')
   AND t.relkind = 'r'
   -- One for each partition of the other table stands beside the one for all.
   AND NOT (c.contype = 'f' AND f.relispartition AND c.conparentid <> 0)
 ORDER BY c.conrelid, c.contype, c.conname
