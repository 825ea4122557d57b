-- Text search parsers.
SELECT 'text search parser' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, p.prsname) AS name,
       p.prsstart::text AS start,
       p.prstoken::text AS token,
       p.prsend::text AS "end",
       nullif(p.prsheadline::oid, 0)::pg_catalog.regproc::text AS headline,
       p.prslextype::text AS lextypes
  FROM pg_catalog.pg_ts_parser AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.prsnamespace
 WHERE p.prsnamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_ts_parser'::pg_catalog.regclass
                      AND d.objid = p.oid AND d.deptype = 'e')
