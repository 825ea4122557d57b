-- Names that NOT NULL constraints were given, from PostgreSQL 18 on. Older ones have none, and a
-- renamed column keeps the name that it had, so they are no structure.
SELECT 'not-null constraint' AS kind,
       pg_catalog.format('%%I.%%I.%%I', n.nspname, r.relname, a.attname) AS name,
       pg_catalog.quote_ident(c.conname) AS definition
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'n'
   AND (c.conname <> r.relname || '_' || a.attname || '_not_null'
        -- An heir's own besides that of its parent, which older majors do not know of.
        OR (c.conislocal AND c.coninhcount > 0 AND NOT r.relispartition))
   AND (c.conislocal OR r.relispartition)
   AND r.relnamespace = ANY (%(schemas)s::oid[])
   AND r.oid <> ALL (%(left_out_relations)s::oid[])
 UNION ALL
SELECT 'not-null constraint',
       pg_catalog.format('%%I.%%I', n.nspname, t.typname),
       pg_catalog.quote_ident(c.conname)
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_type AS t ON t.oid = c.contypid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
 WHERE c.contype = 'n'
   AND c.conname <> t.typname || '_not_null'
   AND t.typnamespace = ANY (%(schemas)s::oid[])
   AND t.oid <> ALL (%(left_out_types)s::oid[])
