-- Comments: no structure.
SELECT 'comment' AS kind,
       CASE WHEN d.objsubid = 0 THEN
            CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                           WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                           WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'type'
                           ELSE 'table' END || pg_catalog.format(' %%I.%%I', n.nspname, c.relname)
            ELSE pg_catalog.format('column %%I.%%I.%%I', n.nspname, c.relname, a.attname)
            END AS name,
       d.description AS definition
  FROM pg_catalog.pg_description AS d
  JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
 WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
   AND c.reltype <> ALL (%(left_out_types)s::oid[])
 UNION ALL
SELECT 'comment', i.type || ' ' || i.identity, d.description
  FROM pg_catalog.pg_description AS d
  LEFT JOIN pg_catalog.pg_constraint AS k
         ON d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objoid
  LEFT JOIN pg_catalog.pg_trigger AS t
         ON d.classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objoid
  LEFT JOIN pg_catalog.pg_policy AS p
         ON d.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objoid
  LEFT JOIN pg_catalog.pg_rewrite AS r
         ON d.classoid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objoid
  LEFT JOIN pg_catalog.pg_class AS c
         ON c.oid = coalesce(nullif(k.conrelid, 0), t.tgrelid, p.polrelid, r.ev_class)
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
 WHERE d.classoid <> 'pg_catalog.pg_class'::pg_catalog.regclass
   AND (d.objoid >= 16384
        OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
           AND d.objoid = (SELECT n.oid
                             FROM pg_catalog.pg_namespace AS n
                            WHERE n.nspname = 'public')
           AND d.description <> 'standard public schema')
   AND (c.oid IS NULL OR c.relnamespace = ANY (%(schemas)s::oid[])
                         AND c.oid <> ALL (%(left_out_relations)s::oid[]))
   AND i.schema IS DISTINCT FROM 'lockgate'
   AND NOT (i.type = 'schema' AND i.identity = 'lockgate')
   AND NOT (i.type = 'event trigger' AND i.identity LIKE 'lockgate\_%%')
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS e
                    WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
 UNION ALL
-- A new database has one.
SELECT 'comment', 'schema public', ''
  FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname = 'public'
   AND pg_catalog.obj_description(n.oid, 'pg_namespace') IS NULL
