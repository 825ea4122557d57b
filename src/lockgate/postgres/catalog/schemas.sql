-- Schemas. Not public: every database has it, and pg_dump does not make it either.
SELECT 'schema' AS kind,
       pg_catalog.quote_ident(n.nspname) AS name
  FROM pg_catalog.pg_namespace AS n
 WHERE n.oid = ANY (%(schemas)s::oid[])
   AND n.nspname <> 'public'
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                      AND d.objid = n.oid AND d.deptype = 'e')
