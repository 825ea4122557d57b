-- Tables, plain, partitioned and foreign.
SELECT CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.relname) AS name,
       CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END AS "of type",
       CASE WHEN c.relpersistence = 'u' THEN 'yes' END AS unlogged,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS "partitioned by",
       CASE WHEN c.relispartition THEN h.parents END AS "partition of",
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS bounds,
       CASE WHEN NOT c.relispartition THEN h.parents END AS inherits,
       m.amname AS "access method",
       c.reloptions AS "storage parameters",
       CASE WHEN t.reloptions IS NOT NULL THEN
       (SELECT pg_catalog.string_agg('toast.' || o, ', ' ORDER BY o COLLATE "C")
          FROM pg_catalog.unnest(t.reloptions) AS o) END AS "toast parameters",
       CASE c.relreplident
            WHEN 'n' THEN 'nothing'
            WHEN 'f' THEN 'full'
            WHEN 'i' THEN
            (SELECT 'index ' || pg_catalog.quote_ident(x.relname)
               FROM pg_catalog.pg_index AS i
               JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
              WHERE i.indrelid = c.oid AND i.indisreplident) END AS "replica identity",
       CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN 'enabled, forced'
            WHEN c.relrowsecurity THEN 'enabled'
            WHEN c.relforcerowsecurity THEN 'disabled, forced' END AS "row security",
       pg_catalog.quote_ident(s.srvname) AS server,
       f.ftoptions AS options
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname <> 'heap'
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
  LEFT JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = c.oid
  LEFT JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
  LEFT JOIN (SELECT h.inhrelid,
                    pg_catalog.string_agg(pg_catalog.format('%%I.%%I', pn.nspname, p.relname), ', '
                                          ORDER BY h.inhseqno) AS parents
               FROM pg_catalog.pg_inherits AS h
               JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
               JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
              GROUP BY h.inhrelid) AS h ON h.inhrelid = c.oid
 WHERE c.relkind IN ('r', 'p', 'f')
   AND c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
