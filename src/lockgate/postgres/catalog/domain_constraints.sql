-- Checks of domains. NOT NULL is a constraint of theirs from PostgreSQL 17 on, and not here.
SELECT 'domain constraint' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, t.typname, c.conname) AS name,
       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(c.oid), ' NOT VALID$', '')
           AS definition,
       CASE WHEN NOT c.convalidated THEN 'yes' END AS "not valid"
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_type AS t ON t.oid = c.contypid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
 WHERE c.contype = 'c'
   AND t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
