-- Who owns what: no structure.
SELECT 'owner' AS kind,
       o.name AS name,
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o.owner)) AS definition
  FROM (SELECT pg_catalog.format('%%s %%I.%%I',
                   CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                                  WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                                  WHEN 'f' THEN 'foreign table' ELSE 'type' END,
                   n.nspname, c.relname) AS name,
               c.relowner AS owner
          FROM pg_catalog.pg_class AS c
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
           AND c.relnamespace = ANY (%(schemas)s::oid[])
           AND c.oid <> ALL (%(left_out_relations)s::oid[])
           AND c.reltype <> ALL (%(left_out_types)s::oid[])
         UNION ALL
        SELECT pg_catalog.format('%%s %%I.%%I', CASE t.typtype WHEN 'e' THEN 'enum'
                                                WHEN 'd' THEN 'domain' ELSE 'type' END,
                                 n.nspname, t.typname),
               t.typowner
          FROM pg_catalog.pg_type AS t
          JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
         WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'b' AND t.typcategory <> 'A')
           AND t.typnamespace = ANY (%(schemas)s::oid[])
           AND t.oid <> ALL (%(left_out_types)s::oid[])
         UNION ALL
        SELECT pg_catalog.format('%%s %%I.%%I(%%s)',
                   CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'
                                  ELSE 'function' END, n.nspname, p.proname,
                   (SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', '
                                                 ORDER BY a.position)
                      FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, position))),
               p.proowner
          FROM pg_catalog.pg_proc AS p
          JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
         WHERE p.pronamespace = ANY (%(schemas)s::oid[])
           AND p.oid <> ALL (%(left_out_functions)s::oid[])
           -- Made with the range type that they construct.
           AND NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                              AND d.objid = p.oid AND d.deptype = 'i')
         UNION ALL
        SELECT i.type || ' ' || i.identity, o.owner
          FROM (SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass AS class,
                       n.oid AS object, n.nspowner AS owner
                  FROM pg_catalog.pg_namespace AS n
                 WHERE n.oid = ANY (%(schemas)s::oid[])
                   -- From PostgreSQL 15 on, public is the owner's of the database.
                   AND NOT (n.nspname = 'public'
                            AND CASE WHEN pg_catalog.current_setting('server_version_num') < '150000'
                                     THEN n.nspowner = 10
                                     ELSE pg_catalog.pg_get_userbyid(n.nspowner) = 'pg_database_owner'
                                     END)
                 UNION ALL
                SELECT 'pg_catalog.pg_operator', o.oid, o.oprowner
                  FROM pg_catalog.pg_operator AS o
                 WHERE o.oprnamespace = ANY (%(schemas)s::oid[]) AND o.oprcode <> 0
                 UNION ALL
                SELECT 'pg_catalog.pg_opclass', c.oid, c.opcowner
                  FROM pg_catalog.pg_opclass AS c
                 WHERE c.opcnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_opfamily', f.oid, f.opfowner
                  FROM pg_catalog.pg_opfamily AS f
                 WHERE f.opfnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_collation', c.oid, c.collowner
                  FROM pg_catalog.pg_collation AS c
                 WHERE c.collnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_conversion', c.oid, c.conowner
                  FROM pg_catalog.pg_conversion AS c
                 WHERE c.connamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_ts_dict', d.oid, d.dictowner
                  FROM pg_catalog.pg_ts_dict AS d
                 WHERE d.dictnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_ts_config', c.oid, c.cfgowner
                  FROM pg_catalog.pg_ts_config AS c
                 WHERE c.cfgnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_statistic_ext', s.oid, s.stxowner
                  FROM pg_catalog.pg_statistic_ext AS s
                 WHERE s.stxnamespace = ANY (%(schemas)s::oid[])
                 UNION ALL
                SELECT 'pg_catalog.pg_foreign_data_wrapper', w.oid, w.fdwowner
                  FROM pg_catalog.pg_foreign_data_wrapper AS w
                 UNION ALL
                SELECT 'pg_catalog.pg_foreign_server', s.oid, s.srvowner
                  FROM pg_catalog.pg_foreign_server AS s
                 UNION ALL
                SELECT 'pg_catalog.pg_publication', p.oid, p.pubowner
                  FROM pg_catalog.pg_publication AS p
                 UNION ALL
                SELECT 'pg_catalog.pg_subscription', s.oid, s.subowner
                  FROM pg_catalog.pg_subscription AS s
                 WHERE s.subdbid = (SELECT d.oid
                                      FROM pg_catalog.pg_database AS d
                                     WHERE d.datname = pg_catalog.current_database())
                 UNION ALL
                SELECT 'pg_catalog.pg_event_trigger', e.oid, e.evtowner
                  FROM pg_catalog.pg_event_trigger AS e
                 WHERE e.evtname NOT LIKE 'lockgate\_%%'
                 UNION ALL
                SELECT 'pg_catalog.pg_language', l.oid, l.lanowner
                  FROM pg_catalog.pg_language AS l
                 WHERE l.oid >= 16384) AS o
          CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.class, o.object, 0) AS i
         WHERE NOT EXISTS (SELECT 1
                             FROM pg_catalog.pg_depend AS d
                            WHERE d.classid = o.class AND d.objid = o.object
                              AND d.deptype = 'e')) AS o
