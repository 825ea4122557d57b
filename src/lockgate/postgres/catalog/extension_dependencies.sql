-- Objects that go with an extension without being its members: ALTER ... DEPENDS ON EXTENSION.
SELECT 'extension dependency' AS kind,
       o.name AS name,
       pg_catalog.string_agg(pg_catalog.quote_ident(e.extname), ', ' ORDER BY e.extname COLLATE "C")
           AS definition
  FROM (SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass AS class, p.oid AS object,
               pg_catalog.format('%%s %%I.%%I(%%s)',
                   CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'
                                  ELSE 'function' END, n.nspname, p.proname,
                   (SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', '
                                                 ORDER BY a.position)
                      FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, position)))
                   AS name
          FROM pg_catalog.pg_proc AS p
          JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
         WHERE p.pronamespace = ANY (%(schemas)s::oid[])
         UNION ALL
        SELECT 'pg_catalog.pg_class', c.oid,
               pg_catalog.format('%%s %%I.%%I', CASE c.relkind WHEN 'm' THEN 'materialized view'
                                                               ELSE 'index' END,
                                 n.nspname, c.relname)
          FROM pg_catalog.pg_class AS c
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('m', 'i', 'I')
           AND c.relnamespace = ANY (%(schemas)s::oid[])
         UNION ALL
        SELECT 'pg_catalog.pg_trigger', t.oid,
               pg_catalog.format('trigger %%I.%%I.%%I', n.nspname, c.relname, t.tgname)
          FROM pg_catalog.pg_trigger AS t
          JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE t.tgparentid = 0
           AND c.relnamespace = ANY (%(schemas)s::oid[])) AS o
  JOIN pg_catalog.pg_depend AS d ON d.classid = o.class AND d.objid = o.object
  JOIN pg_catalog.pg_extension AS e
    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.oid = d.refobjid
 WHERE d.deptype = 'x'
 GROUP BY o.name
