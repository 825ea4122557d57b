-- Access methods that somebody made.
SELECT 'access method' AS kind,
       pg_catalog.quote_ident(m.amname) AS name,
       CASE m.amtype WHEN 't' THEN 'table' ELSE 'index' END AS type,
       m.amhandler::text AS handler
  FROM pg_catalog.pg_am AS m
 WHERE m.oid >= 16384
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_am'::pg_catalog.regclass
                      AND d.objid = m.oid AND d.deptype = 'e')
