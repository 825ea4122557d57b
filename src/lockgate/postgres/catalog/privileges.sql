-- Privileges that are not those that an object is made with, and what the system or an extension
-- gave it instead of the usual ones: no structure.
SELECT 'privileges' AS kind,
       o.name AS name,
       coalesce((SELECT pg_catalog.string_agg(a::text, ', ' ORDER BY a::text COLLATE "C")
                   FROM pg_catalog.unnest(o.acl) AS a), 'none') AS definition,
       (SELECT pg_catalog.string_agg(a::text, ', ' ORDER BY a::text COLLATE "C")
          FROM pg_catalog.unnest(i.initprivs) AS a) AS initially
  FROM (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid AS object, 0 AS part,
               pg_catalog.format('%%s %%I.%%I',
                   CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                                  WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                                  ELSE 'foreign table' END,
                   n.nspname, c.relname) AS name,
               c.relacl AS acl,
               pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                     c.relowner) AS usual
          FROM pg_catalog.pg_class AS c
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
           AND c.relacl IS NOT NULL
           AND (c.relnamespace = ANY (%(schemas)s::oid[]) OR n.nspname = 'pg_catalog')
           AND c.oid <> ALL (%(version_tables)s::oid[])
         UNION ALL
        SELECT 'pg_catalog.pg_class', c.oid, a.attnum,
               pg_catalog.format('column %%I.%%I.%%I', n.nspname, c.relname, a.attname),
               a.attacl,
               '{}'
          FROM pg_catalog.pg_attribute AS a
          JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE a.attacl IS NOT NULL
           AND NOT a.attisdropped
           AND (c.relnamespace = ANY (%(schemas)s::oid[]) OR n.nspname = 'pg_catalog')
           AND c.oid <> ALL (%(version_tables)s::oid[])
         UNION ALL
        SELECT 'pg_catalog.pg_type', t.oid, 0,
               pg_catalog.format('type %%I.%%I', n.nspname, t.typname),
               t.typacl,
               pg_catalog.acldefault('T', t.typowner)
          FROM pg_catalog.pg_type AS t
          JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
         WHERE t.typacl IS NOT NULL
           AND (t.typnamespace = ANY (%(schemas)s::oid[]) OR n.nspname = 'pg_catalog')
         UNION ALL
        SELECT 'pg_catalog.pg_proc', p.oid, 0,
               pg_catalog.format('%%s %%I.%%I(%%s)',
                   CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'
                                  ELSE 'function' END, n.nspname, p.proname,
                   (SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', '
                                                 ORDER BY a.position)
                      FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, position))),
               p.proacl,
               pg_catalog.acldefault('f', p.proowner)
          FROM pg_catalog.pg_proc AS p
          JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
         WHERE p.proacl IS NOT NULL
           AND (p.pronamespace = ANY (%(schemas)s::oid[]) OR n.nspname = 'pg_catalog')
         UNION ALL
        SELECT 'pg_catalog.pg_namespace', n.oid, 0,
               pg_catalog.format('schema %%I', n.nspname),
               n.nspacl,
               pg_catalog.acldefault('n', n.nspowner)
          FROM pg_catalog.pg_namespace AS n
         WHERE n.nspacl IS NOT NULL
           AND (n.oid = ANY (%(schemas)s::oid[]) OR n.nspname = 'pg_catalog')
         UNION ALL
        SELECT 'pg_catalog.pg_language', l.oid, 0,
               pg_catalog.format('language %%I', l.lanname),
               l.lanacl,
               pg_catalog.acldefault('l', l.lanowner)
          FROM pg_catalog.pg_language AS l
         WHERE l.lanacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_foreign_data_wrapper', w.oid, 0,
               pg_catalog.format('foreign-data wrapper %%I', w.fdwname),
               w.fdwacl,
               pg_catalog.acldefault('F', w.fdwowner)
          FROM pg_catalog.pg_foreign_data_wrapper AS w
         WHERE w.fdwacl IS NOT NULL
         UNION ALL
        SELECT 'pg_catalog.pg_foreign_server', s.oid, 0,
               pg_catalog.format('server %%I', s.srvname),
               s.srvacl,
               pg_catalog.acldefault('S', s.srvowner)
          FROM pg_catalog.pg_foreign_server AS s
         WHERE s.srvacl IS NOT NULL) AS o
  LEFT JOIN pg_catalog.pg_init_privs AS i
         ON i.classoid = o.class AND i.objoid = o.object AND i.objsubid = o.part
 WHERE ARRAY (SELECT a::text FROM pg_catalog.unnest(o.acl) AS a ORDER BY 1)
       <> ARRAY (SELECT a::text FROM pg_catalog.unnest(coalesce(i.initprivs, o.usual)) AS a
                  ORDER BY 1)
