-- Domains; their checks are in domain_constraints.sql.
SELECT 'domain' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.typname) AS name,
       pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type,
       CASE WHEN t.typcollation <> b.typcollation
            THEN pg_catalog.format('%%I.%%I', cn.nspname, c.collname) END AS collation,
       CASE WHEN t.typnotnull THEN 'yes' END AS "not null",
       coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::pg_catalog.regclass),
                t.typdefault) AS "default"
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = t.typcollation
  LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.collnamespace
 WHERE t.typtype = 'd'
   AND t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
