-- Extended statistics. PostgreSQL keeps their columns in the table's order, which is none.
SELECT 'statistics' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, s.stxname) AS name,
       pg_catalog.format('%%I.%%I', rn.nspname, r.relname) AS "table",
       (SELECT pg_catalog.string_agg(m.member, ', ' ORDER BY m.member COLLATE "C")
          FROM (SELECT pg_catalog.quote_ident(a.attname) AS member
                  FROM pg_catalog.pg_attribute AS a
                 WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)
                 UNION ALL
                SELECT '(' || e || ')'
                  FROM pg_catalog.unnest(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)) AS e
               ) AS m) AS members,
       (SELECT pg_catalog.string_agg(CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies'
                                            WHEN 'm' THEN 'mcv' END, ', ' ORDER BY k)
          FROM pg_catalog.unnest(s.stxkind) AS k
         WHERE k <> 'e') AS kinds,
       nullif(s.stxstattarget, -1)::text AS target
  FROM pg_catalog.pg_statistic_ext AS s
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
  JOIN pg_catalog.pg_class AS r ON r.oid = s.stxrelid
  JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
 WHERE s.stxnamespace = ANY (%(schemas)s::oid[])
   AND s.stxrelid <> ALL (%(left_out_relations)s::oid[])
