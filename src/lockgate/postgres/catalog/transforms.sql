-- Transforms between types and languages.
SELECT 'transform' AS kind,
       pg_catalog.format('%%s for %%I', pg_catalog.format_type(t.trftype, NULL), l.lanname) AS name,
       nullif(t.trffromsql::oid, 0)::pg_catalog.regprocedure::text AS "from sql",
       nullif(t.trftosql::oid, 0)::pg_catalog.regprocedure::text AS "to sql"
  FROM pg_catalog.pg_transform AS t
  JOIN pg_catalog.pg_language AS l ON l.oid = t.trflang
 WHERE NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_transform'::pg_catalog.regclass
                      AND d.objid = t.oid AND d.deptype = 'e')
