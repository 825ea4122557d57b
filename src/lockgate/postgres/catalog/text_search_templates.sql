-- Text search templates.
SELECT 'text search template' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, t.tmplname) AS name,
       nullif(t.tmplinit::oid, 0)::pg_catalog.regproc::text AS init,
       t.tmpllexize::text AS lexize
  FROM pg_catalog.pg_ts_template AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.tmplnamespace
 WHERE t.tmplnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_ts_template'::pg_catalog.regclass
                      AND d.objid = t.oid AND d.deptype = 'e')
