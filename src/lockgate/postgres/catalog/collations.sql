-- Collations. Their version is the operating system's, and no structure.
SELECT 'collation' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.collname) AS name,
       CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default'
                           ELSE 'libc' END AS provider,
       CASE WHEN c.collprovider = 'c' THEN c.collcollate::text
            -- Of ICU in a column of its own from PostgreSQL 15 on, of any from 17 on.
            ELSE coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale',
                          pg_catalog.to_jsonb(c) ->> 'colliculocale', c.collcollate::text)
            END AS locale,
       CASE WHEN c.collprovider = 'c' THEN c.collctype::text END AS "character classes",
       CASE WHEN NOT c.collisdeterministic THEN 'no' END AS deterministic,
       pg_catalog.to_jsonb(c) ->> 'collicurules' AS rules
  FROM pg_catalog.pg_collation AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace
 WHERE c.collnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
