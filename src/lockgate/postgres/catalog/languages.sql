-- Languages that somebody made.
SELECT 'language' AS kind,
       pg_catalog.quote_ident(l.lanname) AS name,
       CASE WHEN l.lanpltrusted THEN 'yes' END AS trusted,
       nullif(l.lanplcallfoid, 0)::pg_catalog.regproc::text AS handler,
       nullif(l.laninline, 0)::pg_catalog.regproc::text AS "inline",
       nullif(l.lanvalidator, 0)::pg_catalog.regproc::text AS validator
  FROM pg_catalog.pg_language AS l
 WHERE l.oid >= 16384
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_language'::pg_catalog.regclass
                      AND d.objid = l.oid AND d.deptype = 'e')
