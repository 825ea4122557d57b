-- Unique indexes and exclusion constraints, with every column that they name; of a generated one,
-- the columns that it is made of.
  WITH generated AS (
SELECT f.adrelid AS "table", f.adnum AS attnum, d.refobjsubid AS source
  FROM pg_catalog.pg_attrdef AS f
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
   AND d.objid = f.oid
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjid = f.adrelid
 WHERE a.attgenerated <> ''
   AND d.refobjsubid <> f.adnum),
       keyed AS (
SELECT i.indexrelid, k.attnum
  FROM pg_catalog.pg_index AS i
 CROSS JOIN LATERAL pg_catalog.unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS k (attnum)
 WHERE k.attnum > 0
 UNION
SELECT i.indexrelid, d.refobjsubid::smallint
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.objid = i.indexrelid
   AND d.refobjid = i.indrelid
   AND d.refobjsubid > 0
 WHERE i.indexprs IS NOT NULL
   AND NOT d.refobjsubid = ANY (i.indkey::smallint[]))
SELECT i.indrelid::bigint AS "table",
       x.relname::text AS name,
       i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
       AND NOT EXISTS (SELECT 1
                         FROM keyed AS k
                         JOIN generated AS g ON g."table" = i.indrelid AND g.attnum = k.attnum
                        WHERE k.indexrelid = i.indexrelid) AS plain,
       ARRAY (SELECT DISTINCT a.attname::text
                FROM keyed AS k
                LEFT JOIN generated AS g ON g."table" = i.indrelid AND g.attnum = k.attnum
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = i.indrelid AND a.attnum = coalesce(g.source, k.attnum)
               WHERE k.indexrelid = i.indexrelid
               ORDER BY 1) AS columns
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
 WHERE (i.indisunique OR i.indisexclusion)
   AND i.indisvalid
   AND t.relkind = 'r'
 ORDER BY i.indrelid, 2
