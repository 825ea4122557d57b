-- Policies of row security.
SELECT 'policy' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, c.relname, p.polname) AS name,
       CASE WHEN NOT p.polpermissive THEN 'yes' END AS restrictive,
       CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                     WHEN 'd' THEN 'delete' ELSE 'all' END AS command,
       CASE WHEN p.polroles <> '{0}' THEN
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', '
                                     ORDER BY r.rolname COLLATE "C")
          FROM pg_catalog.pg_roles AS r
         WHERE r.oid = ANY (p.polroles)) END AS roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS "using",
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS "with check"
  FROM pg_catalog.pg_policy AS p
  JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relnamespace = ANY (%(schemas)s::oid[])
   AND c.oid <> ALL (%(left_out_relations)s::oid[])
