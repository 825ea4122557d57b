-- Tables of publications, with the columns and the filter of each.
SELECT 'publication table' AS kind,
       pg_catalog.format('%%I: %%I.%%I', p.pubname, n.nspname, c.relname) AS name,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                                     ORDER BY a.attname COLLATE "C")
          FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) AS columns,
       pg_catalog.pg_get_expr(r.prqual, r.prrelid) AS filter
  FROM pg_catalog.pg_publication_rel AS r
  JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
  JOIN pg_catalog.pg_class AS c ON c.oid = r.prrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
