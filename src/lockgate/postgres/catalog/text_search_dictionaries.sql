-- Text search dictionaries.
SELECT 'text search dictionary' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, d.dictname) AS name,
       pg_catalog.format('%%I.%%I', tn.nspname, t.tmplname) AS template,
       d.dictinitoption AS options
  FROM pg_catalog.pg_ts_dict AS d
  JOIN pg_catalog.pg_namespace AS n ON n.oid = d.dictnamespace
  JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.tmplnamespace
 WHERE d.dictnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS e
                    WHERE e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass
                      AND e.objid = d.oid AND e.deptype = 'e')
