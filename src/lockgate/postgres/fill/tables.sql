-- Tables that hold rows themselves, with all that made-up rows have to meet. What comes from the
-- bounds of a partition stands among its checks.
SELECT c.oid::bigint AS oid,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_partition_constraintdef(c.oid) END AS bounds,
       EXISTS (SELECT 1
                 FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = c.oid AND i.indisexclusion) AS excludes,
       ARRAY (SELECT pg_catalog.format('%I.%I', pn.nspname, p.relname)
                FROM pg_catalog.pg_partition_ancestors(c.oid) AS a (ancestor)
                JOIN pg_catalog.pg_class AS p ON p.oid = a.ancestor
                JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
               WHERE p.oid <> c.oid
               ORDER BY 1) AS parents
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'lockgate')
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 2
