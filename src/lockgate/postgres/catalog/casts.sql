-- Casts that somebody made; casts have no schema.
SELECT 'cast' AS kind,
       pg_catalog.format('(%%s AS %%s)', pg_catalog.format_type(c.castsource, NULL),
                         pg_catalog.format_type(c.casttarget, NULL)) AS name,
       CASE c.castmethod WHEN 'f' THEN c.castfunc::pg_catalog.regprocedure::text
                         WHEN 'i' THEN 'inout' ELSE 'binary' END AS method,
       CASE c.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END
           AS context
  FROM pg_catalog.pg_cast AS c
 WHERE c.oid >= 16384
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass
                      AND d.objid = c.oid AND d.deptype IN ('e', 'i'))
