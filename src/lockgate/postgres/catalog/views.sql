-- Views and materialized views.
SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       pg_catalog.pg_get_viewdef(c.oid) AS definition,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       CASE WHEN c.relpersistence = 'u' THEN 'yes' END AS unlogged,
       m.amname AS "access method",
       c.reloptions AS options,
       (SELECT pg_catalog.string_agg('toast.' || o, ', ' ORDER BY o COLLATE "C")
          FROM pg_catalog.pg_class AS t, pg_catalog.unnest(t.reloptions) AS o
         WHERE t.oid = c.reltoastrelid) AS "toast parameters",
       CASE WHEN c.relkind = 'm' AND c.relreplident = 'n' THEN 'nothing'
            WHEN c.relkind = 'm' AND c.relreplident = 'f' THEN 'full' END AS "replica identity"
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname <> 'heap'
 WHERE c.relkind IN ('v', 'm')
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
