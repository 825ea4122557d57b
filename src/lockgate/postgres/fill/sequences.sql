-- Puts every sequence of a column behind the highest value in it.
SELECT pg_catalog.format(
           'SELECT pg_catalog.setval(%L::pg_catalog.regclass, nullif(greatest(max(%I), 0), 0)::bigint) FROM %I.%I',
           s.oid::pg_catalog.regclass::text, a.attname, n.nspname, c.relname)
  FROM pg_catalog.pg_class AS s
  JOIN pg_catalog.pg_depend AS d
    ON d.objid = s.oid AND d.deptype IN ('a', 'i')
   AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
 WHERE s.relkind = 'S'
   AND t.typname IN ('int2', 'int4', 'int8')
   AND n.nspname <> 'lockgate'
 ORDER BY 1
