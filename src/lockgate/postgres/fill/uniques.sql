-- Unique indexes and exclusion constraints, with every column that they name.
SELECT i.indrelid::bigint AS "table",
       x.relname::text AS name,
       i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AS plain,
       ARRAY (SELECT DISTINCT a.attname::text
                FROM pg_catalog.pg_attribute AS a
               WHERE a.attrelid = i.indrelid
                 AND (a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
                      OR i.indexprs IS NOT NULL
                         AND EXISTS (SELECT 1
                                       FROM pg_catalog.pg_depend AS d
                                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                        AND d.objid = i.indexrelid
                                        AND d.refobjid = i.indrelid
                                        AND d.refobjsubid = a.attnum
                                        AND NOT a.attnum = ANY (i.indkey::smallint[])))
               ORDER BY 1) AS columns
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
 WHERE (i.indisunique OR i.indisexclusion)
   AND i.indisvalid
   AND t.relkind = 'r'
 ORDER BY i.indrelid, 2
