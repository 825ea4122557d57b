-- Foreign servers.
SELECT 'server' AS kind,
       pg_catalog.quote_ident(s.srvname) AS name,
       pg_catalog.quote_ident(w.fdwname) AS wrapper,
       s.srvtype AS type,
       s.srvversion AS version,
       s.srvoptions AS options
  FROM pg_catalog.pg_foreign_server AS s
  JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
 WHERE NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_foreign_server'::pg_catalog.regclass
                      AND d.objid = s.oid AND d.deptype = 'e')
