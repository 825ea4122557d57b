-- Conversions between encodings.
SELECT 'conversion' AS kind,
       pg_catalog.format('%%I.%%I', n.nspname, c.conname) AS name,
       pg_catalog.pg_encoding_to_char(c.conforencoding)::text AS "from",
       pg_catalog.pg_encoding_to_char(c.contoencoding)::text AS "to",
       c.conproc::pg_catalog.regproc::text AS function,
       CASE WHEN c.condefault THEN 'yes' END AS "default"
  FROM pg_catalog.pg_conversion AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace
 WHERE c.connamespace = ANY (%(schemas)s::oid[])
   AND NOT EXISTS (SELECT 1
                     FROM pg_catalog.pg_depend AS d
                    WHERE d.classid = 'pg_catalog.pg_conversion'::pg_catalog.regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
